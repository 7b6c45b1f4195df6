"""Invented names for the demo town: roads, estates, companies and people. None of them belongs to a real place."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from layers.later import later

pypinyin = later("pypinyin")

COUNTY = "岚川区"
TOWN = "澄岚街道"
COMMUNITIES = ("桐荫社区", "鹤汀社区", "霁明社区", "澄波社区", "映荷社区", "锦澜社区", "栖霁社区")
RIVER, CANAL, ISLAND = "澄岚江", "砚耕渠", "鹭洲"

STEMS = tuple((
    "听荷 照岚 渡云 晴槐 砚耕 柳幕 半塘 绣溪 栖月 枕波 浣星 棠荫 疏桐 霁虹 澜汀 芷岸 岚影 墨池 拂杉 鹭飞 "
    "桂隐 砚秋 云舫 石漪 竹里 梅屿 松澜 荻浦 兰皋 枫涟 菱歌 萍洲 桑陌 榆湾 橘泉 椿庭 蓼汀 苇间 莲漪 茗岫 "
    "雁汀 鸥泊 鹤渚 燕归 蝉语 萤桥 月砧 星埠 霞津 露桥 雪舫 岫云 峦青 泉吟 溪语 潭影 汀兰 渚清 沚白 浦霞 "
    "湾晴 桥秋 埠烟 坞春 畈绿 垄金 圩禾 陌桑 仁榭 井泉 亭午 榭风 轩竹 阁雨 台星 棹歌 橹声 帆影 缆月 锚石 "
    "渔火 蓑烟 笠雨 筏云 舷波 桨花 篷雪 樵径 牧笛 耕烟 织雨 陶然 漆园 麦浪 稻穗 菽田 麻溪 苎影 葛藤").split())
SURNAMES = tuple((
    "赵 钱 孙 李 周 吴 郑 王 冯 陈 褚 卫 蒋 沈 韩 杨 朱 秦 许 何 吕 施 张 孔 曹 严 金 魏 陶 姜 戚 谢 邹 章 "
    "苏 潘 葛 范 彭 鲁 韦 马 方 俞 任 袁 柳 史 唐 费 薛 雷 贺 倪 汤 罗 毕 郝 安 常 乐 于 傅 齐 康 余 顾 孟 "
    "黄 穆 萧 尹 姚 邵 汪 毛 戴 宋 庞 熊 纪 舒 屈 项 祝 董 梁 杜 阮 蓝 季 林 徐 邱 骆 高 夏 蔡 田 胡 凌 霍 "
    "虞 万 柯 卢 莫 房 应 丁 邓 郁 洪 包 左 石 崔 龚 程 裴 陆").split())
GIVEN_FIRST = "家文志海国建明伟晓永春秋玉雅静丽红美若思雨子亦书景承德安立世宏振嘉佳欣梓一云月兰桂梅竹松柏青素婉清淑慧敏"
GIVEN_LAST = "华军平强峰涛波勇斌杰鹏飞龙宁康健新民生荣富贵芳燕英玲霞娟琴洁莹颖琳瑶萍珍珠彤菲岚溪源泉舟航远扬帆之然宜和"


def stems(rng: np.random.Generator) -> list[str]:
    """All name stems in an order drawn from `rng`; take from the front, each is then used once."""
    return [STEMS[i] for i in rng.permutation(len(STEMS))]


def people(rng: np.random.Generator, count: int) -> list[str]:
    """`count` invented personal names, two or three characters; some occur twice, as in life."""
    surname = rng.integers(0, len(SURNAMES), count)
    first = rng.integers(0, len(GIVEN_FIRST), count)
    last = rng.integers(0, len(GIVEN_LAST), count)
    short = rng.random(count) < 0.18
    return [SURNAMES[s] + ("" if k else GIVEN_FIRST[f]) + GIVEN_LAST[g]
            for s, f, g, k in zip(surname, first, last, short, strict=True)]


def mobiles(rng: np.random.Generator, count: int) -> list[str]:
    """Telephone numbers of eleven digits in a series no operator has ("100..."): nobody is called by mistake."""
    return [f"100{number:08d}" for number in rng.integers(0, 100_000_000, count)]


@lru_cache(maxsize=8192)
def initials(text: str) -> str:
    """Pinyin initials in small letters, digits kept: what a person types to find an address."""
    return "".join(pypinyin.lazy_pinyin(text, style=pypinyin.Style.FIRST_LETTER)).lower().replace("-", "")
