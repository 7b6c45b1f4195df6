"""What each role gets at each address and place, written down by hand, and how each request is made."""

from __future__ import annotations

from tests.mapapp.doing import (
    NUMBERS,
    account_at,
    across,
    area_version,
    code,
    edit_at,
    job,
    person_at,
    polygon,
    post_at,
    round_at,
    split,
    spot,
    token_at,
    version,
    withdrawn,
    zone_at,
)
from tests.mapapp.web import PASSWORD, Web

# The roles are held in community C1. Places: a leaf of C1, a leaf of the community beside it, the town above both, a
# leaf of another town. `mixed` is a planner in C1 who may look at everything. 401 = who are you, 403 = not with your
# roles, 404 = not in your sight (also when it exists).
TABLE = """
case                     place    nobody none viewer reporter planner commander auditor admin mixed
page                     -           401  302    200      200     200       200     302   200   200
command page             -           401  403    200      200     200       200     403   200   200
phone page               -           401  403    403      200     200       200     403   403   200
phone worker             -           200  200    200      200     200       200     200   200   200
wall sign-in             -           200  200    200      200     200       200     200   200   200
wall token               -           400  400    400      400     400       400     400   400   400
sign-in page             -           200  302    302      302     302       302     302   302   302
sign-in form             -           400  400    400      400     400       400     400   400   400
sign-out                 -           400  400    400      400     400       400     400   400   400
language                 -           302  302    302      302     302       302     302   302   302
health                   -           200  200    200      200     200       200     200   200   200
metrics                  -           401  403    403      403     403       403     403   403   403
style sheet              -           200  200    200      200     200       200     200   200   200
mode                     -           401  403    200      200     200       200     403   200   200
close the store          -           401  403    403      403     403       403     403   403   403
live                     -           401  403    200      200     200       200     403   200   200
presence                 -           401  403    200      200     200       200     403   200   200
presence in area         inside      401  403    200      200     200       200     403   200   200
presence in area         sibling     401  403    404      404     404       404     403   404   200

areas                    -           401  403    200      200     200       200     403   200   200
areas of parent          inside      401  403    200      200     200       200     403   200   200
areas of parent          sibling     401  403    404      404     404       404     403   404   200
areas of parent          above       401  403    404      404     404       404     403   404   200
areas of parent          other       401  403    404      404     404       404     403   404   200
area                     inside      401  403    200      200     200       200     403   200   200
area                     sibling     401  403    404      404     404       404     403   404   200
area                     above       401  403    404      404     404       404     403   404   200
area                     other       401  403    404      404     404       404     403   404   200
change area              inside      401  403    403      403     200       200     403   403   200
change area              sibling     401  403    403      403     404       404     403   403   403
change area              above       401  403    403      403     404       404     403   403   403
change area              other       401  403    403      403     404       404     403   403   403
figures                  -           401  403    200      200     200       200     403   200   200
figures of groups        -           401  403    403      403     200       200     403   403   200
summary                  -           401  403    200      200     200       200     403   200   200
summary of area          inside      401  403    200      200     200       200     403   200   200
summary of area          sibling     401  403    404      404     404       404     403   404   200
summary of area          above       401  403    404      404     404       404     403   404   200
summary of area          other       401  403    404      404     404       404     403   404   200
findings                 -           401  403    200      200     200       200     403   200   200
findings of area         inside      401  403    200      200     200       200     403   200   200
findings of area         sibling     401  403    404      404     404       404     403   404   200
findings of area         above       401  403    404      404     404       404     403   404   200
findings of area         other       401  403    404      404     404       404     403   404   200
search                   -           401  403    200      200     200       200     403   200   200

preview split            inside      401  403    403      403     200       200     403   403   200
preview split            sibling     401  403    403      403     404       404     403   403   403
preview split            above       401  403    403      403     404       404     403   403   403
preview split            other       401  403    403      403     404       404     403   403   403
preview line only        sibling     401  403    403      403     404       404     403   403   403
preview stale            sibling     401  403    403      403     404       404     403   403   403
own division             -           401  403    403      403     200       200     403   403   200
another's division       -           401  403    403      403     404       404     403   403   404
stop a division          -           401  403    403      403     200       200     403   403   200
stop another's division  -           401  403    403      403     404       404     403   403   404
split                    inside      401  403    403      403     200       200     403   403   200
split                    sibling     401  403    403      403     404       404     403   403   403
split                    above       401  403    403      403     404       404     403   403   403
split                    other       401  403    403      403     404       404     403   403   403
subdivide                inside      401  403    403      403     422       422     403   403   422
subdivide                sibling     401  403    403      403     404       404     403   403   403
subdivide                other       401  403    403      403     404       404     403   403   403
dissolve                 inside      401  403    403      403     200       200     403   403   200
dissolve                 sibling     401  403    403      403     404       404     403   403   403
dissolve                 above       401  403    403      403     404       404     403   403   403
dissolve                 other       401  403    403      403     404       404     403   403   403
merge across             sibling     401  403    403      403     404       404     403   403   403
undo own edit            inside      401  403    403      403     200       200     403   403   200
undo own edit            sibling     401  403    403      403     404       404     403   403   403
undo own edit            above       401  403    403      403     404       404     403   403   403
undo own edit            other       401  403    403      403     404       404     403   403   403
undo another's edit      inside      401  403    403      403     404       404     403   403   404
undo the planner's edit  inside      401  403    403      403     200       200     403   403   404
edit                     inside      401  403    200      200     200       200     403   200   200
edit                     sibling     401  403    404      404     404       404     403   404   200
edit                     above       401  403    404      404     404       404     403   404   200
edit                     other       401  403    404      404     404       404     403   404   200
notices                  -           401  403    200      200     200       200     403   200   200
read notices             -           401  403    200      200     200       200     403   200   200
edits                    -           401  403    200      200     200       200     403   200   200
edits of area            inside      401  403    200      200     200       200     403   200   200
edits of area            sibling     401  403    404      404     404       404     403   404   200
edits of area            above       401  403    404      404     404       404     403   404   200
edits of area            other       401  403    404      404     404       404     403   404   200

tile description         -           401  403    200      200     200       200     403   200   200
tile of areas            -           401  403    200      200     200       200     403   200   200
tile of buildings        -           401  403    200      200     200       200     403   200   200
base map                 -           401  403    404      404     404       404     403   404   404
tile of base map         -           401  403    404      404     404       404     403   404   404

zones                    -           401  403    200      200     200       200     403   200   200
zone                     inside      401  403    200      200     200       200     403   200   200
zone                     sibling     401  403    404      404     404       404     403   404   200
zone                     above       401  403    404      404     404       404     403   404   200
zone                     other       401  403    404      404     404       404     403   404   200
preview zone             inside      401  403    403      403     200       200     403   403   200
preview zone             sibling     401  403    403      403     404       404     403   403   403
preview zone             above       401  403    403      403     404       404     403   403   403
preview zone             other       401  403    403      403     404       404     403   403   403
propose zone             inside      401  403    403      403     201       201     403   403   201
propose zone             sibling     401  403    403      403     404       404     403   403   403
propose zone             above       401  403    403      403     404       404     403   403   403
propose zone             other       401  403    403      403     404       404     403   403   403
propose drawn zone       inside      401  403    403      403     201       201     403   403   201
propose drawn zone       sibling     401  403    403      403     404       404     403   403   403
propose zone of houses   inside      401  403    403      403     201       201     403   403   201
propose zone of houses   sibling     401  403    403      403     404       404     403   403   403
withdraw own zone        inside      401  403    403      403     200       200     403   403   200
withdraw own zone        sibling     401  403    403      403     404       404     403   403   403
withdraw own zone        above       401  403    403      403     404       404     403   403   403
withdraw own zone        other       401  403    403      403     404       404     403   403   403
withdraw another's zone  inside      401  403    403      403     403       200     403   403   403
withdraw zone in force   inside      401  403    403      403     403       403     403   403   403
restore own zone         inside      401  403    403      403     200       200     403   403   200
restore own zone         sibling     401  403    403      403     404       404     403   403   403
restore own zone         above       401  403    403      403     404       404     403   403   403
restore own zone         other       401  403    403      403     404       404     403   403   403
restore another's zone   inside      401  403    403      403     403       200     403   403   403
zones summary            -           401  403    200      200     200       200     403   200   200
zones summary of area    inside      401  403    200      200     200       200     403   200   200
zones summary of area    sibling     401  403    404      404     404       404     403   404   200
zones summary of area    above       401  403    404      404     404       404     403   404   200
zones summary of area    other       401  403    404      404     404       404     403   404   200
approve zone             inside      401  403    403      403     403       200     403   403   403
approve zone             sibling     401  403    403      403     403       404     403   403   403
approve zone             above       401  403    403      403     403       404     403   403   403
approve zone             other       401  403    403      403     403       404     403   403   403
reject zone              inside      401  403    403      403     403       200     403   403   403
reject zone              sibling     401  403    403      403     403       404     403   403   403
reject zone              above       401  403    403      403     403       404     403   403   403
reject zone              other       401  403    403      403     403       404     403   403   403
lift zone                inside      401  403    403      403     200       200     403   403   200
lift zone                sibling     401  403    403      403     404       404     403   403   403
lift zone                above       401  403    403      403     404       404     403   403   403
lift zone                other       401  403    403      403     404       404     403   403   403
extend zone              inside      401  403    403      403     200       200     403   403   200
extend zone              sibling     401  403    403      403     404       404     403   403   403
extend zone              above       401  403    403      403     404       404     403   403   403
extend zone              other       401  403    403      403     404       404     403   403   403
upgrade zone             inside      401  403    403      403     200       200     403   403   200
upgrade zone             sibling     401  403    403      403     404       404     403   403   403
upgrade zone             above       401  403    403      403     404       404     403   403   403
upgrade zone             other       401  403    403      403     404       404     403   403   403

figures of reports       -           401  403    200      200     200       200     403   200   200
figures of positives     -           401  403    403      403     200       200     403   403   200
report                   -           401  403    403      200     200       200     403   403   200
status                   -           401  403    200      200     200       200     403   200   200
status of area           inside      401  403    200      200     200       200     403   200   200
status of area           sibling     401  403    404      404     404       404     403   404   200
status of area           above       401  403    404      404     404       404     403   404   200
status of area           other       401  403    404      404     404       404     403   404   200
work                     -           401  403    403      200     200       200     403   403   200
work of area             inside      401  403    403      200     200       200     403   403   200
work of area             sibling     401  403    403      404     404       404     403   403   403
work of area             above       401  403    403      404     404       404     403   403   403
rounds                   -           401  403    200      200     200       200     403   200   200
open round               -           401  403    403      403     201       201     403   403   201
open round for area      inside      401  403    403      403     201       201     403   403   201
open round for area      sibling     401  403    403      403     404       404     403   403   403
close round              inside      401  403    403      403     200       200     403   403   200
close round              sibling     401  403    403      403     404       404     403   403   403
close round              above       401  403    403      403     403       403     403   403   403

export                   -           401  403    403      403     202       202     403   403   202
export of area           inside      401  403    403      403     202       202     403   403   202
export of area           sibling     401  403    403      403     404       404     403   403   403
export of area           above       401  403    403      403     404       404     403   403   403
export of area           other       401  403    403      403     404       404     403   403   403
own export               -           401  403    403      403     200       200     403   403   200
another's export         -           401  403    403      403     404       404     403   403   404
own package              -           401  403    403      403     200       200     403   403   200
another's package        -           401  403    403      403     404       404     403   403   404
count of an export       -           401  403    403      403     200       200     403   403   200
export with persons      inside      401  403    403      403     202       202     403   403   202
check of a package       -           401  403    403      403     422       422     403   403   422
briefing                 -           401  403    403      403     202       202     403   403   202
briefing of area         inside      401  403    403      403     202       202     403   403   202
briefing of area         sibling     401  403    403      403     404       404     403   403   403
briefing of area         other       401  403    403      403     404       404     403   403   403
own briefing             -           401  403    403      403     200       200     403   403   200
another's briefing       -           401  403    403      403     404       404     403   403   404
own page                 -           401  403    403      403     200       200     403   403   200
another's page           -           401  403    403      403     404       404     403   403   404

houses                   -           401  403    200      200     200       200     403   200   200
houses of area           inside      401  403    200      200     200       200     403   200   200
houses of area           sibling     401  403    404      404     404       404     403   404   200
houses of area           above       401  403    404      404     404       404     403   404   200
houses of area           other       401  403    404      404     404       404     403   404   200
person                   inside      401  403    200      200     200       200     403   200   200
person                   sibling     401  403    404      404     404       404     403   404   200
person                   above       401  403    404      404     404       404     403   404   200
person                   other       401  403    404      404     404       404     403   404   200
house                    inside      401  403    200      200     200       200     403   200   200
house                    sibling     401  403    404      404     404       404     403   404   200
house                    other       401  403    404      404     404       404     403   404   200
road                     -           401  403    200      200     200       200     403   200   200
add person               inside      401  403    403      403     201       201     403   403   201
add person               sibling     401  403    403      403     404       404     403   403   403
add person               above       401  403    403      403     404       404     403   403   403
add person               other       401  403    403      403     404       404     403   403   403
add gate                 inside      401  403    403      403     201       201     403   403   201
add gate                 sibling     401  403    403      403     404       404     403   403   403
add gate                 other       401  403    403      403     404       404     403   403   403
add stairwell            sibling     401  403    403      403     404       404     403   403   403
add road                 -           401  403    403      403     403       403     403   403   403
change person            inside      401  403    403      403     200       200     403   403   200
change person            sibling     401  403    403      403     404       404     403   403   403
change person            above       401  403    403      403     404       404     403   403   403
change person            other       401  403    403      403     404       404     403   403   403
move person there        sibling     401  403    403      403     404       404     403   403   403
change cell              inside      401  403    403      403     200       200     403   403   200
change cell              sibling     401  403    403      403     404       404     403   403   403
remove person            inside      401  403    403      403     200       200     403   403   200
remove person            sibling     401  403    403      403     404       404     403   403   403
remove person            above       401  403    403      403     404       404     403   403   403
remove person            other       401  403    403      403     404       404     403   403   403

posts                    -        401  403    200      200     200       200     403   200   200
posts of area            inside   401  403    200      200     200       200     403   200   200
posts of area            sibling  401  403    404      404     404       404     403   404   200
posts of area            above    401  403    404      404     404       404     403   404   200
posts of area            other    401  403    404      404     404       404     403   404   200
post                     inside   401  403    200      200     200       200     403   200   200
post                     sibling  401  403    404      404     404       404     403   404   200
post                     other    401  403    404      404     404       404     403   404   200
post card                inside   401  403    200      200     200       200     403   200   200
post card                sibling  401  403    404      404     404       404     403   404   200
post card                other    401  403    404      404     404       404     403   404   200
post sheet               inside   401  403    200      200     200       200     403   200   200
post sheet               sibling  401  403    404      404     404       404     403   404   200
post sheet               other    401  403    404      404     404       404     403   404   200
add post                 inside   401  403    403      403     201       201     403   403   201
add post                 sibling  401  403    403      403     404       404     403   403   403
add post                 other    401  403    403      403     404       404     403   403   403
change post              inside   401  403    403      403     200       200     403   403   200
change post              sibling  401  403    403      403     404       404     403   403   403
change post              other    401  403    403      403     404       404     403   403   403
move post                inside   401  403    403      403     200       200     403   403   200
move post                sibling  401  403    403      403     404       404     403   403   403
move post                other    401  403    403      403     404       404     403   403   403
remove post              inside   401  403    403      403     200       200     403   403   200
remove post              sibling  401  403    403      403     404       404     403   403   403
remove post              other    401  403    403      403     404       404     403   403   403
move post there          sibling  401  403    403      403     404       404     403   403   403
serve there              sibling  401  403    403      403     404       404     403   403   200
count post               inside   401  403    403      200     200       200     403   403   200
count post               sibling  401  403    403      404     404       404     403   403   403
count post               other    401  403    403      404     404       404     403   403   403
staffing                 -        401  403    200      200     200       200     403   200   200
staffing of area         inside   401  403    200      200     200       200     403   200   200
staffing of area         sibling  401  403    404      404     404       404     403   404   200
staffing of area         above    401  403    404      404     404       404     403   404   200
staffing of area         other    401  403    404      404     404       404     403   404   200

own account page         -           401  200    200      200     200       200     200   200   200
own account              -           401  200    200      200     200       200     200   200   200
own language             -           401  200    200      200     200       200     200   200   200
own password             -           401  422    422      422     422       422     422   422   422
own sessions             -           401  200    200      200     200       200     200   200   200
own session              -           401  200    200      200     200       200     200   200   200
accounts page            -           401  403    403      403     403       403     403   200   403
accounts                 -           401  403    403      403     403       403     403   200   403
new account              inside      401  403    403      403     403       403     403   201   403
new account              sibling     401  403    403      403     403       403     403   404   403
new account              above       401  403    403      403     403       403     403   404   403
new account              other       401  403    403      403     403       403     403   404   403
change account           inside      401  403    403      403     403       403     403   200   403
change account           sibling     401  403    403      403     403       403     403   404   403
change account           above       401  403    403      403     403       403     403   404   403
change account           other       401  403    403      403     403       403     403   404   403
reset account            inside      401  403    403      403     403       403     403   200   403
reset account            sibling     401  403    403      403     403       403     403   404   403
reset account            above       401  403    403      403     403       403     403   404   403
reset account            other       401  403    403      403     403       403     403   404   403
unlock account           inside      401  403    403      403     403       403     403   200   403
unlock account           sibling     401  403    403      403     403       403     403   404   403
unlock account           above       401  403    403      403     403       403     403   404   403
unlock account           other       401  403    403      403     403       403     403   404   403
end sessions             inside      401  403    403      403     403       403     403   200   403
end sessions             sibling     401  403    403      403     403       403     403   404   403
end sessions             above       401  403    403      403     403       403     403   404   403
end sessions             other       401  403    403      403     403       403     403   404   403
token of account         inside      401  403    403      403     403       403     403   201   403
token of account         sibling     401  403    403      403     403       403     403   404   403
token of account         above       401  403    403      403     403       403     403   404   403
token of account         other       401  403    403      403     403       403     403   404   403
revoke token             inside      401  403    403      403     403       403     403   200   403
revoke token             sibling     401  403    403      403     403       403     403   404   403
revoke token             above       401  403    403      403     403       403     403   404   403
revoke token             other       401  403    403      403     403       403     403   404   403
audit page               -           401  403    403      403     403       403     200   403   403
audit                    -           401  403    403      403     403       403     200   403   403
audit table              -           401  403    403      403     403       403     200   403   403
audit of area            inside      401  403    403      403     403       403     200   403   403
audit of area            sibling     401  403    403      403     403       403     404   403   403
audit of area            above       401  403    403      403     403       403     404   403   403
audit of area            other       401  403    403      403     403       403     404   403   403
checklist                -           401  403    403      403     200       200     403   200   200
"""
WHO = TABLE.split("\n")[1].split()[2:]
ROWS = [(line[:25].strip(), *line[25:].split()) for line in TABLE.split("\n")[2:] if line]


def community(web: Web, place: str) -> str:
    """The area right above a place; the town itself."""
    return code(place) if place == "above" else web.area(code(place))["parent"]


# A case is (method, address, body) at a place for an account; what it needs is made first.
ORDER = {"layer": "areas", "format": "csv", "receiver": "公安", "purpose": "布控"}
BRIEFING = {"receiver": "公安", "purpose": "布控", "valid_until": "2099-01-01"}
CASES = {
    "page": lambda web, place, who: ("GET", "/", None),
    "command page": lambda web, place, who: ("GET", "/command", None),
    "phone page": lambda web, place, who: ("GET", "/report", None),
    "phone worker": lambda web, place, who: ("GET", "/report/worker.js", None),
    "wall sign-in": lambda web, place, who: ("GET", "/wall", None),
    "wall token": lambda web, place, who: ("POST", "/wall", {"token": who}),
    "sign-in page": lambda web, place, who: ("GET", "/sign-in", None),
    "sign-in form": lambda web, place, who: ("POST", "/sign-in", {"account": who, "password": PASSWORD}),
    "sign-out": lambda web, place, who: ("POST", "/sign-out", None),
    "language": lambda web, place, who: ("GET", "/language/en", None),
    "health": lambda web, place, who: ("GET", "/healthz", None),
    "metrics": lambda web, place, who: ("GET", "/metrics", None),
    "mode": lambda web, place, who: ("GET", "/api/mode", None),
    "close the store": lambda web, place, who: ("POST", "/api/mode", {"mode": "read-only"}),
    "style sheet": lambda web, place, who: ("GET", "/static/css/tokens.css", None),
    "live": lambda web, place, who: ("GET", "/live", None),
    "presence": lambda web, place, who: ("POST", "/api/presence", {"area": None, "tool": "select"}),
    "presence in area": lambda web, place, who: ("POST", "/api/presence", {"area": code(place), "tool": "split"}),
    "areas": lambda web, place, who: ("GET", "/api/areas", None),
    "areas of parent": lambda web, place, who: ("GET", f"/api/areas?parent={code(place)}", None),
    "area": lambda web, place, who: ("GET", f"/api/areas/{code(place)}", None),
    "change area": lambda web, place, who: (
        "PATCH",
        f"/api/areas/{code(place)}",
        {"version": area_version(web, place), "note": "新"},
    ),
    "figures": lambda web, place, who: ("GET", "/api/figures?level=micro_grid&metric=households", None),
    "figures of groups": lambda web, place, who: ("GET", "/api/figures?level=micro_grid&metric=special", None),
    "summary": lambda web, place, who: ("GET", "/api/summary?level=micro_grid", None),
    "summary of area": lambda web, place, who: ("GET", f"/api/summary?area={code(place)}", None),
    "findings": lambda web, place, who: ("GET", "/api/findings", None),
    "findings of area": lambda web, place, who: ("GET", f"/api/findings?area={code(place)}", None),
    "search": lambda web, place, who: ("GET", "/api/search?q=41", None),
    "preview split": lambda web, place, who: ("POST", "/api/edits/preview", split(web, place, who)),
    "preview line only": lambda web, place, who: (
        "POST",
        "/api/edits/preview",
        {"op": "split", "line": across(web, place)},
    ),
    "preview stale": lambda web, place, who: (
        "POST",
        "/api/edits/preview",
        {
            "op": "split",
            "line": across(web, "inside"),
            "targets": ["11"],
            "versions": {"11": area_version(web, "inside"), code(place): 99},
        },
    ),
    "split": lambda web, place, who: ("POST", "/api/edits", split(web, place, who)),
    "subdivide": lambda web, place, who: ("POST", "/api/edits", {"op": "subdivide", "targets": [code(place)]}),
    "dissolve": lambda web, place, who: ("POST", "/api/edits", {"op": "dissolve", "targets": [community(web, place)]}),
    "merge across": lambda web, place, who: ("POST", "/api/edits", {"op": "merge", "targets": ["31", code(place)]}),
    "undo own edit": lambda web, place, who: ("POST", f"/api/edits/{edit_at(web, place, who)}/undo", {}),
    "undo another's edit": lambda web, place, who: ("POST", f"/api/edits/{edit_at(web, place, 'chief')}/undo", {}),
    "undo the planner's edit": lambda web, place, who: (
        "POST",
        f"/api/edits/{edit_at(web, place, 'planner')}/undo",
        {"reason": "x"},
    ),
    "edit": lambda web, place, who: ("GET", f"/api/edits/{edit_at(web, place, 'chief')}", None),
    "notices": lambda web, place, who: ("GET", "/api/notices", None),
    "read notices": lambda web, place, who: ("POST", "/api/notices/read", {"seq": 0}),
    "edits": lambda web, place, who: ("GET", "/api/edits", None),
    "edits of area": lambda web, place, who: ("GET", f"/api/edits?area={code(place)}", None),
    "tile description": lambda web, place, who: ("GET", "/tiles/areas.json", None),
    "tile of areas": lambda web, place, who: ("GET", "/tiles/areas/0/0/0.mvt", None),
    "tile of buildings": lambda web, place, who: ("GET", "/tiles/buildings/0/0/0.mvt", None),
    "base map": lambda web, place, who: ("GET", "/basemaps/none.json", None),
    "tile of base map": lambda web, place, who: ("GET", "/basemaps/none/0/0/0", None),
    "zones": lambda web, place, who: ("GET", "/api/zones", None),
    "zone": lambda web, place, who: ("GET", f"/api/zones/{zone_at(web, place, 'chief')}", None),
    "preview zone": lambda web, place, who: (
        "POST",
        "/api/zones?preview=true",
        {"kind": "lockdown", "areas": [code(place)]},
    ),
    "propose zone": lambda web, place, who: ("POST", "/api/zones", {"kind": "lockdown", "areas": [code(place)]}),
    "propose drawn zone": lambda web, place, who: (
        "POST",
        "/api/zones",
        {"kind": "control", "polygon": polygon(web, place)},
    ),
    "propose zone of houses": lambda web, place, who: (
        "POST",
        "/api/zones",
        {"kind": "control", "buildings": [web.fids["buildings"][place]]},
    ),
    "withdraw own zone": lambda web, place, who: ("DELETE", f"/api/zones/{zone_at(web, place, who)}", None),
    "withdraw another's zone": lambda web, place, who: ("DELETE", f"/api/zones/{zone_at(web, place, 'chief')}", None),
    "withdraw zone in force": lambda web, place, who: (
        "DELETE",
        f"/api/zones/{zone_at(web, place, who, 'in_force')}",
        None,
    ),
    "restore own zone": lambda web, place, who: ("POST", f"/api/zones/{withdrawn(web, place, who)}/restore", {}),
    "zones summary": lambda web, place, who: ("GET", "/api/zones/summary", None),
    "zones summary of area": lambda web, place, who: ("GET", f"/api/zones/summary?area={code(place)}", None),
    "approve zone": lambda web, place, who: (
        "POST",
        f"/api/zones/{zone_at(web, place, 'chief')}/approve",
        {"order_no": "1"},
    ),
    "reject zone": lambda web, place, who: (
        "POST",
        f"/api/zones/{zone_at(web, place, 'chief')}/reject",
        {"reason": "too wide"},
    ),
    "lift zone": lambda web, place, who: (
        "POST",
        f"/api/zones/{zone_at(web, place, 'chief', 'in_force')}/lift",
        {"reason": "over", "order_no": "2"},
    ),
    "extend zone": lambda web, place, who: (
        "POST",
        f"/api/zones/{zone_at(web, place, 'chief', 'in_force')}/extend",
        {"reason": "more", "order_no": "2", "until": "2099-01-01T00:00:00+08:00"},
    ),
    "upgrade zone": lambda web, place, who: (
        "POST",
        f"/api/zones/{zone_at(web, place, 'chief', 'in_force', 'control')}/upgrade",
        {"reason": "worse", "order_no": "2", "kind": "lockdown"},
    ),
    "restore another's zone": lambda web, place, who: (
        "POST",
        f"/api/zones/{withdrawn(web, place, 'chief')}/restore",
        {},
    ),
    "figures of reports": lambda web, place, who: ("GET", "/api/figures?level=micro_grid&metric=survey_rate", None),
    "figures of positives": lambda web, place, who: ("GET", "/api/figures?level=micro_grid&metric=positive", None),
    "report": lambda web, place, who: ("POST", "/api/reports", {"reports": []}),
    "status": lambda web, place, who: ("GET", "/api/status", None),
    "status of area": lambda web, place, who: ("GET", f"/api/status?area={code(place)}", None),
    "work": lambda web, place, who: ("GET", "/api/report/work", None),
    "work of area": lambda web, place, who: ("GET", f"/api/report/work?area={code(place)}", None),
    "rounds": lambda web, place, who: ("GET", "/api/rounds", None),
    "open round": lambda web, place, who: ("POST", "/api/rounds", {"kind": "survey"}),
    "open round for area": lambda web, place, who: ("POST", "/api/rounds", {"kind": "survey", "area": code(place)}),
    "close round": lambda web, place, who: ("POST", f"/api/rounds/{round_at(web, place)}/close", {}),
    "export": lambda web, place, who: ("POST", "/api/exports", ORDER),
    "export of area": lambda web, place, who: ("POST", "/api/exports", ORDER | {"area": code(place)}),
    "own division": lambda web, place, who: ("GET", f"/api/divisions/{job(web, who, 'divide')}", None),
    "another's division": lambda web, place, who: ("GET", f"/api/divisions/{job(web, 'chief', 'divide')}", None),
    "stop a division": lambda web, place, who: ("DELETE", f"/api/divisions/{job(web, who, 'divide')}", None),
    "stop another's division": lambda web, place, who: ("DELETE", f"/api/divisions/{job(web, 'chief', 'divide')}", None),
    "own export": lambda web, place, who: ("GET", f"/api/exports/{job(web, who)}", None),
    "another's export": lambda web, place, who: ("GET", f"/api/exports/{job(web, 'chief')}", None),
    "own package": lambda web, place, who: ("GET", f"/api/exports/{job(web, who)}/file", None),
    "another's package": lambda web, place, who: ("GET", f"/api/exports/{job(web, 'chief')}/file", None),
    "count of an export": lambda web, place, who: ("POST", "/api/exports?preview=true", {"layer": "areas"}),
    "export with persons": lambda web, place, who: ("POST", "/api/exports", ORDER | {"area": code(place), "layer": "staff", "personal": True}),
    "check of a package": lambda web, place, who: ("POST", "/api/packages/verify", {"no": "package"}),
    "briefing": lambda web, place, who: ("POST", "/api/briefings", BRIEFING),
    "briefing of area": lambda web, place, who: ("POST", "/api/briefings", BRIEFING | {"area": code(place)}),
    "own briefing": lambda web, place, who: ("GET", f"/api/briefings/{job(web, who, 'briefing')}", None),
    "another's briefing": lambda web, place, who: ("GET", f"/api/briefings/{job(web, 'chief', 'briefing')}", None),
    "own page": lambda web, place, who: ("GET", f"/api/briefings/{job(web, who, 'briefing')}/file", None),
    "another's page": lambda web, place, who: ("GET", f"/api/briefings/{job(web, 'chief', 'briefing')}/file", None),
    "houses": lambda web, place, who: ("GET", "/api/buildings", None),
    "houses of area": lambda web, place, who: ("GET", f"/api/buildings?area={code(place)}", None),
    "person": lambda web, place, who: ("GET", f"/api/staff/{person_at(web, place)}", None),
    "house": lambda web, place, who: ("GET", f"/api/buildings/{web.fids['buildings'][place]}", None),
    "road": lambda web, place, who: ("GET", f"/api/roads/{web.fids['roads']['inside']}", None),
    "add person": lambda web, place, who: (
        "POST",
        "/api/staff",
        {"name": "李某", "role": "volunteer", "area": code(place)},
    ),
    "posts": lambda web, place, who: ("GET", "/api/checkpoints", None),
    "posts of area": lambda web, place, who: ("GET", f"/api/checkpoints?area={code(place)}", None),
    "post": lambda web, place, who: ("GET", f"/api/checkpoints/{post_at(web, place)}", None),
    "post card": lambda web, place, who: ("GET", f"/api/checkpoints/{post_at(web, place)}/card", None),
    "post sheet": lambda web, place, who: ("GET", f"/posts/{post_at(web, place)}", None),
    "add post": lambda web, place, who: ("POST", "/api/checkpoints", {"point": spot(web, place)["coordinates"]}),
    "change post": lambda web, place, who: ("PATCH", f"/api/checkpoints/{post_at(web, place)}", {"version": 1, "state": "closed"}),
    "move post": lambda web, place, who: (
        "PATCH",
        f"/api/checkpoints/{post_at(web, place)}",
        {"version": 1, "point": spot(web, "inside")["coordinates"]},
    ),
    "move post there": lambda web, place, who: (
        "PATCH",
        f"/api/checkpoints/{post_at(web, 'inside')}",
        {"version": 1, "point": spot(web, place)["coordinates"]},
    ),
    "serve there": lambda web, place, who: (
        "PATCH",
        f"/api/checkpoints/{post_at(web, 'inside')}",
        {"version": 1, "areas": [code(place)]},
    ),
    "remove post": lambda web, place, who: ("DELETE", f"/api/checkpoints/{post_at(web, place)}?version=1", None),
    "count post": lambda web, place, who: ("POST", f"/api/checkpoints/{post_at(web, place)}/presence", {"present": 1}),
    "staffing": lambda web, place, who: ("GET", "/api/staffing", None),
    "staffing of area": lambda web, place, who: ("GET", f"/api/staffing?area={code(place)}", None),
    "add gate": lambda web, place, who: ("POST", "/api/gates", {"name": "北门", "geometry": spot(web, place)}),
    "add stairwell": lambda web, place, who: ("POST", "/api/units", {"building": web.fids["buildings"][place]}),
    "add road": lambda web, place, who: ("POST", "/api/roads", {"geometry": across(web, "inside")}),
    "change person": lambda web, place, who: (
        "PATCH",
        f"/api/staff/{person_at(web, place)}",
        {"version": 1, "note": "夜班"},
    ),
    "move person there": lambda web, place, who: (
        "PATCH",
        f"/api/staff/{person_at(web, 'inside')}",
        {"version": 1, "area": code(place)},
    ),
    "change cell": lambda web, place, who: (
        "PATCH",
        f"/api/cells/{web.fids['cells'][place]}",
        {"version": version(web, "cells", web.fids["cells"][place]), "households": 31},
    ),
    "remove person": lambda web, place, who: ("DELETE", f"/api/staff/{person_at(web, place)}?version=1", None),
    "own account page": lambda web, place, who: ("GET", "/account", None),
    "own account": lambda web, place, who: ("GET", "/api/account", None),
    "own language": lambda web, place, who: ("PATCH", "/api/account", {"lang": "zh"}),
    "own password": lambda web, place, who: ("POST", "/api/account/password", {"old": PASSWORD, "new": "short"}),
    "own sessions": lambda web, place, who: ("DELETE", "/api/account/sessions", None),
    "own session": lambda web, place, who: ("GET", "/api/account/session", None),
    "accounts page": lambda web, place, who: ("GET", "/accounts", None),
    "accounts": lambda web, place, who: ("GET", "/api/accounts", None),
    "new account": lambda web, place, who: (
        "POST",
        "/api/accounts",
        {"name": f"new {next(NUMBERS)}", "grants": [{"role": "viewer", "area": code(place)}]},
    ),
    "change account": lambda web, place, who: ("PATCH", f"/api/accounts/{account_at(web, place)}", {"version": 0, "disabled": True}),
    "reset account": lambda web, place, who: ("POST", f"/api/accounts/{account_at(web, place)}/reset", {}),
    "unlock account": lambda web, place, who: ("POST", f"/api/accounts/{account_at(web, place)}/unlock", {}),
    "end sessions": lambda web, place, who: ("DELETE", f"/api/accounts/{account_at(web, place)}/sessions", None),
    "token of account": lambda web, place, who: ("POST", f"/api/accounts/{account_at(web, place)}/tokens", {"name": "QGIS"}),
    "revoke token": lambda web, place, who: ("DELETE", token_at(web, place), None),
    "audit page": lambda web, place, who: ("GET", "/audit", None),
    "audit": lambda web, place, who: ("GET", "/api/audit", None),
    "audit table": lambda web, place, who: ("GET", "/api/audit.csv", None),
    "audit of area": lambda web, place, who: ("GET", f"/api/audit?area={code(place)}", None),
    "checklist": lambda web, place, who: ("GET", "/api/checklist", None),
}
