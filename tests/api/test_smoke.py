async def test_x(face):
    answer = await face.report_mail(messages=["m1", "m2"])
    print(answer)
    ann = await face.person("ann")
    for p in ("/now", "/alerts", "/runs", "/approvals", "/responses", "/cases", "/playbooks", "/playbooks/purge", "/connectors", "/sources", "/tokens", "/messages?channel=%23soc", "/messages/channels", "/session"):
        a = await ann.get(p)
        print(p, a.status, a.body[:1500])
    runs = (await ann.get("/runs")).json["items"]
    print((await ann.get("/runs/" + runs[0]["id"])).json)
    print((await ann.send("GET", "/api/openapi.json")).status)
    assert 0
