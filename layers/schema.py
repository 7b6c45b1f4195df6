"""Every layer's fields, once. Tables, API, forms, import and export are made from this page.

Common to all layers and not repeated below: `fid` (identity, never used again), `version` (what clients compare),
`rev` (last revision that touched the row) and, where `owned`, `area` (fid of the leaf that holds the object: rights
and sums follow it). Geometry is EPSG:4490, (lon, lat).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FieldType = Literal["text", "int", "number", "bool", "date", "time", "json"]


@dataclass(frozen=True, slots=True)
class Field:
    """One column: name, type, labels, name in a DBF table (ASCII, at most 10), unit."""

    name: str
    type: FieldType
    zh: str
    en: str
    dbf: str
    unit: str = ""
    required: bool = False
    personal: bool = False  # names and phones: never in tiles, exported only with purpose and receiver
    length: int = 254
    least: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: a table, an API collection, an import target and an export source."""

    name: str
    zh: str
    en: str
    geometry: Literal["", "Point", "MultiLineString", "MultiPolygon", "Geometry"]
    fields: tuple[Field, ...]
    owned: bool = True  # has `area`: the leaf (or, for people and posts, any area) it belongs to
    by_place: bool = True  # `area` follows from the geometry; otherwise it is stated
    editable: bool = True  # through POST/PATCH/DELETE of the generic API
    public: bool = False  # visible to every signed-in account (base map)

    def field(self, name: str) -> Field | None:
        """The field of that name, or None."""
        return next((field for field in self.fields if field.name == name), None)


def _code(required: bool = False, dbf: str = "BM") -> Field:
    return Field("code", "text", "编码", "Code", dbf, required=required, length=40)


def _name(zh: str = "名称", dbf: str = "MC", *, personal: bool = False, required: bool = False) -> Field:
    return Field("name", "text", zh, "Name", dbf, personal=personal, required=required, length=60)


_NOTE = Field("note", "text", "备注", "Note", "BZ", length=200)
_PHONE = Field("phone", "text", "联系电话", "Phone", "LXDH", personal=True, length=40)
_SOURCE = Field("source", "text", "数据来源", "Source", "SJLY", length=60)
_COUNTED_AT = Field("counted_at", "date", "统计日期", "Counted on", "TJRQ")

# People come in kinds; which one is *the* figure is configuration ([figures] population_kind).
PEOPLE_KINDS = ("resident", "registered", "tenant", "collective")
COUNTS = (
    Field("households", "int", "户数", "Households", "HS", unit="户", least=0),
    Field("resident", "int", "常住人口", "Residents", "CZRK", unit="人", least=0),
    Field("registered", "int", "户籍人口", "Registered people", "HJRK", unit="人", least=0),
    Field("tenant", "int", "租住人口", "Tenants", "ZZRK", unit="人", least=0),
    Field("collective", "int", "集体户人口", "Collective households", "JTRK", unit="人", least=0),
    Field("special", "json", "特殊人群", "Special groups", "TSRQ"),  # {"alone_elderly": 3, ...}
    _SOURCE, _COUNTED_AT,
)

AREAS = Layer("areas", "区划", "Areas", "MultiPolygon", (
    Field("code", "text", "编码", "Code", "WGBM", required=True, length=40),
    _name("名称", "WGMC"),
    Field("level", "text", "层级", "Level", "CJ", required=True, length=20),
    Field("kind", "text", "类型", "Kind", "LX", length=20),  # "" or "dedicated" (专属网格)
    Field("locked", "bool", "锁定", "Locked", "SD"),
    Field("uninhabited", "bool", "无人居住", "Nobody lives here", "WRJZ"),  # counted: zero, not unknown
    Field("norm_min", "int", "户数下限", "Norm: least households", "GFXX", unit="户", least=0),
    Field("norm_max", "int", "户数上限", "Norm: most households", "GFSX", unit="户", least=0),
    Field("declared_households", "int", "申报户数", "Declared households", "SBHS", unit="户", least=0),
    Field("declared_population", "int", "申报人口", "Declared people", "SBRK", unit="人", least=0),
    Field("leader", "text", "负责人", "Responsible person", "WGZ", personal=True, length=60),
    _PHONE, _NOTE,
), owned=False, editable=False)

ESTATES = Layer("estates", "小区", "Estates", "MultiPolygon", (
    _code(), _name("小区名称"),
    Field("kind", "text", "类型", "Kind", "LX", choices=("new", "old", "urban_village", "village", "single_block")),
    Field("walled", "bool", "有围墙", "Walled", "WQ"),
    Field("property_company", "text", "物业公司", "Property company", "WYGS", length=60),
    Field("property_phone", "text", "物业电话", "Property phone", "WYDH", personal=True, length=40),
    Field("committee_phone", "text", "居委电话", "Committee phone", "JWDH", personal=True, length=40),
    Field("owners_phone", "text", "业委会电话", "Owners' phone", "YWDH", personal=True, length=40), _NOTE,
))
BARRIERS = Layer("barriers", "隔离", "Barriers", "MultiLineString", (
    Field("kind", "text", "类型", "Kind", "LX", choices=("wall", "fence", "water", "temporary")),
    Field("estate", "int", "小区", "Estate", "XQ"), _NOTE,
))
GATES = Layer("gates", "出入口", "Gates", "Point", (
    _name(), Field("kind", "text", "类型", "Kind", "LX", choices=("person", "vehicle", "fire_lane", "emergency_exit")),
    Field("state", "text", "状态", "State", "ZT", choices=("open", "closed", "locked", "unknown")),
    Field("width_m", "number", "宽度", "Width", "KD", unit="m", least=0),
    Field("key_holder", "text", "钥匙保管人", "Key holder", "YSBG", personal=True, length=60), _PHONE,
    Field("estate", "int", "小区", "Estate", "XQ"), _NOTE,
))
ADDRESSES = Layer("addresses", "地址", "Addresses", "Point", (
    Field("text", "text", "标准地址", "Address", "BZDZ", required=True, length=120),
    Field("aliases", "text", "别名", "Aliases", "BM_QT", length=200),
    Field("initials", "text", "拼音首字母", "Pinyin initials", "PYSZM", length=60),
    Field("building", "int", "楼栋", "Building", "LD"), Field("unit", "int", "单元", "Stairwell", "DY"),
))
PLACES = Layer("places", "场所", "Places", "Geometry", (
    _code(), _name("场所名称"),
    Field("kind", "text", "类型", "Kind", "LX", choices=(
        "market", "apartment_block", "mall", "complex", "industrial_park", "park", "school", "dormitory", "hospital",
        "store", "pharmacy", "other")),
    Field("capacity", "int", "容量", "Capacity", "RL", least=0),
    Field("people_day", "int", "白天人数", "People by day", "BTRS", unit="人", least=0),
    Field("people_night", "int", "夜间人数", "People by night", "YJRS", unit="人", least=0),
    Field("firms", "int", "企业摊位数", "Firms or stalls", "QYTW", least=0),
    Field("state", "text", "状态", "State", "ZT", length=20),
    Field("contact", "text", "联系人", "Contact", "LXR", personal=True, length=60), _PHONE, _NOTE,
))
BUILDINGS = Layer("buildings", "楼栋", "Buildings", "MultiPolygon", (
    _code(), _name("楼栋名称"),
    Field("kind", "text", "类型", "Kind", "LX", choices=(
        "apartment", "tower", "house", "apartment_block", "dormitory", "shop", "office", "factory", "public", "other")),
    Field("estate", "int", "小区", "Estate", "XQ"), Field("floors", "int", "层数", "Floors", "CS", least=0),
    *COUNTS, _NOTE,
))
UNITS = Layer("units", "单元", "Stairwell units", "Point", (
    _code(), _name("单元名称"), Field("building", "int", "楼栋", "Building", "LD", required=True),
    *COUNTS, Field("head", "text", "楼道长", "Stairwell head", "LDZ", personal=True, length=60), _PHONE,
))
CELLS = Layer("cells", "统计单元", "Statistical cells", "MultiPolygon", (_code(True), *COUNTS), owned=False)
SHARES = Layer("shares", "分摊", "Shares", "", (  # how a cell's count is dealt to leaves; `area` receives `weight`
    Field("cell", "int", "统计单元", "Cell", "TJDY", required=True),
    Field("weight", "number", "权重", "Weight", "QZ", required=True, least=0),
    *COUNTS[:6], Field("estimated", "bool", "估算", "Estimated", "GS"),
), by_place=False, editable=False)
ZONES = Layer("zones", "管控区域", "Zones", "MultiPolygon", (
    Field("code", "text", "编码", "Code", "QYBH", length=40), _name("名称", "QYMC"),
    Field("kind", "text", "类型", "Kind", "QYLX", required=True, length=20),
    Field("status", "text", "状态", "Status", "ZT", choices=("proposed", "in_force", "lifted")),
    Field("members", "json", "组成", "Members", "ZC"),  # {"areas": [...]} or {"buildings": [...]} or {"polygon": true}
    Field("starts_at", "time", "开始时间", "From", "KSSJ"), Field("ends_at", "time", "结束时间", "Until", "JSSJ"),
    Field("lifted_at", "time", "解除时间", "Lifted at", "JCSJ"),
    Field("reason", "text", "事由", "Reason", "SY", length=200), Field("order_no", "text", "文号", "Order no.", "WH", length=60),
    Field("authority", "text", "批准机关", "Authority", "PZJG", length=60),
    Field("asked", "json", "待决事项", "Waits for a decision", "DJSX", personal=True),  # {"action", "by", "at", "reason", "order_no"}
    Field("households", "int", "户数", "Households", "HS", unit="户", least=0),
    Field("population", "int", "人口", "People", "RKS", unit="人", least=0),
    Field("special", "json", "特殊人群", "Special groups", "TSRQ"),
    Field("unknown_leaves", "int", "未知单元数", "Areas unknown", "WZDY", least=0),
    Field("estimated", "bool", "估算", "Estimated", "GS"),
    Field("proposed_by", "text", "提出人", "Proposed by", "TCR", personal=True, length=60),
    Field("approved_by", "text", "批准人", "Approved by", "PZR", personal=True, length=60), _NOTE,
), by_place=False, editable=False)
CHECKPOINTS = Layer("checkpoints", "卡口", "Checkpoints", "Point", (
    Field("code", "text", "编码", "Code", "KDBM", length=40), _name("名称", "KDMC"),
    Field("kind", "text", "类型", "Kind", "KDLX", length=20), Field("state", "text", "状态", "State", "ZT", length=20),
    Field("hours", "text", "值守时间", "Hours", "ZSSJ", length=20),
    Field("required", "int", "应到", "Required", "YPRS", unit="人", least=0),
    Field("present", "int", "实到", "Present", "ZGRS", unit="人", least=0),
    Field("present_at", "time", "点名时间", "Counted at", "DMSJ"), _PHONE,
    Field("areas", "json", "服务区划", "Areas served", "FWQH"), Field("kit", "json", "物资", "Kit", "WZ"), _NOTE,
))
TEAMS = Layer("teams", "工作组", "Teams", "", (
    _name("工作组名称", required=True), Field("kind", "text", "类型", "Kind", "LX", length=20), _PHONE, _NOTE,
), by_place=False)
STAFF = Layer("staff", "人员", "Staff", "", (
    _name("姓名", "XM", personal=True, required=True), Field("role", "text", "角色", "Role", "JS", required=True, length=30),
    Field("organisation", "text", "单位", "Organisation", "DW", length=60), _PHONE,
    Field("building", "int", "楼栋", "Building", "LD"), Field("unit", "int", "单元", "Stairwell", "DY"),
    Field("place", "int", "场所", "Place", "CSBH"), Field("post", "int", "卡口", "Post", "KK"),
    Field("team", "int", "工作组", "Team", "GZZ"),
    Field("starts_on", "date", "开始日期", "From", "KSRQ"), Field("ends_on", "date", "结束日期", "Until", "JSRQ"),
    Field("reassign", "bool", "待重新分配", "To re-assign", "DFP"), _NOTE,
), by_place=False)
ROADS = Layer("roads", "道路", "Roads", "MultiLineString", (
    _name("道路名称"), Field("kind", "text", "等级", "Class", "DJ", choices=(
        "motorway", "main", "minor", "service", "path", "other")),
    Field("width_m", "number", "宽度", "Width", "KD", unit="m", least=0),
), owned=False, by_place=False, public=True)
WATER = Layer("water", "水系", "Water", "Geometry", (
    _name("水系名称"), Field("kind", "text", "类型", "Kind", "LX", choices=("river", "canal", "lake", "pond", "sea", "other")),
), owned=False, by_place=False, public=True)

# How files name the area an object belongs to: by its code.
OWNER = Field("area", "text", "所在区划", "Area", "SZQH", length=40)

LAYERS: dict[str, Layer] = {layer.name: layer for layer in (
    AREAS, ESTATES, BARRIERS, GATES, ADDRESSES, PLACES, BUILDINGS, UNITS, CELLS, SHARES, ZONES, CHECKPOINTS, TEAMS,
    STAFF, ROADS, WATER)}
