"""The rules of a place as values: levels, norms, roles, special groups, zone kinds. Read once from config.toml."""

from __future__ import annotations

import msgspec


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One level of the tree (层级), top to bottom in the order of the list."""

    id: str
    zh: str
    en: str
    code_digits: int = 0  # length of a code of this level in the cn-15-17 profile
    locked: bool = False  # a border that law fixes is never moved


class Norm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Households an area of one level should have."""

    min: int
    max: int
    target: int = 0


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role of staff (人员角色) and how many an area of each level, or a building, needs in routine work."""

    id: str
    zh: str
    en: str
    per_area: dict[str, int] = {}  # level id -> people
    per_building: int = 0  # people per inhabited building with stairwells
    in_zones: bool = False  # whoever is not needed for routine work looks after zones


class SpecialGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group of people with needs of their own (特殊群体)."""

    id: str
    zh: str
    en: str


class ZoneKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of zone (管控区域类型); the highest rank is the strictest. Colours belong to tokens.css by rank."""

    id: str
    zh: str
    en: str
    rank: int
    letter_zh: str
    letter_en: str
    residents_per_staff: int = 0
    alias: list[str] = []
    passage_zh: str = ""  # who may pass, as the post card says it
    passage_en: str = ""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dated rule set: its zone kinds and which one is the complement of the others (never drawn)."""

    zh: str
    en: str
    kinds: list[ZoneKind] = []
    fill_kind: str = ""

    def kind(self, name: str) -> ZoneKind | None:
        """The kind of that id or alias."""
        return next((kind for kind in self.kinds if name == kind.id or name in kind.alias), None)


class Metric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure the map can be coloured by."""

    id: str
    zh: str
    en: str
    group: str
    unit: str = ""
    type: str = "count"
    sensitive: bool = False
    source: str = ""  # "report": reported in rounds, place by place
    part: str = ""  # of a rate: the reported number ...
    whole: str = ""  # ... and what it is divided by: another one, households or population


class PostKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of post (卡口类型) and its norm: when it is manned, by how many at a time."""

    zh: str
    en: str
    hours: str = "00:00-24:00"
    required: int = 2
    phone: bool = False  # never without the phone of who holds the key
    note_zh: str = ""
    note_en: str = ""


class Kit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands at a post, the rule "1234": one table, two people, three tools, four questions."""

    tables: int = 1
    people: int = 2
    tools_zh: list[str] = []
    tools_en: list[str] = []
    questions_zh: list[str] = []
    questions_en: list[str] = []
    temperature_alarm_c: float = 37.3
    without_phone_zh: str = ""
    without_phone_en: str = ""


class Staffing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How people on duty become people on the list."""

    shifts_per_day: int = 3


class Derive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How households are derived where nobody counted: see layers/dwellings.py."""

    household_m2: float = 100.0
    storey_m: float = 3.0
    usual_floors: float = 0.0
    most_floors: float = 40.0
    smallest_home_m2: float = 30.0


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything of the configuration that decides figures and operations."""

    levels: list[Level]
    norms: dict[str, Norm]
    roles: list[Role]
    special_groups: list[SpecialGroup]
    profile: Profile
    metrics: list[Metric]
    posts: dict[str, PostKind] = {}
    kit: Kit = Kit()
    staffing: Staffing = Staffing()
    population_kind: str = "resident"
    roster_level: str = "community"
    timezone: str = "Asia/Shanghai"  # in which days begin and end
    gap_width_m: float = 3.0
    seam_m: float = 1.0
    derive: Derive = Derive()

    def rank(self, level: str) -> int:
        """Depth of a level: 0 is the top. Raises KeyError for an unknown level."""
        return _ranks(self)[level]

    def level(self, name: str) -> Level | None:
        """The level of that id, or None."""
        return next((level for level in self.levels if level.id == name), None)


def _ranks(rules: Rules) -> dict[str, int]:
    return {level.id: rank for rank, level in enumerate(rules.levels)}
