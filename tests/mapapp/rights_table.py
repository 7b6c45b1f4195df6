"""What each role gets at each address and place, written down by hand."""

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
