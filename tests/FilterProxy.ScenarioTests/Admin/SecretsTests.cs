using System.Text.Json.Nodes;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Admin;

/// <summary>Secrets are planted wherever a configuration and a request can hold one, and looked for in all that can be read.</summary>
public sealed class SecretsTests
{
    private const string Planted = "PlAnTeD";
    private const string Variable = "FILTERPROXY_TEST_OUTSIDE";

    [Fact]
    public async Task No_endpoint_shows_a_secret()
    {
        Environment.SetEnvironmentVariable(Variable, $"{Planted}-environment");
        await using var upstream = TestUpstream.Start();
        await using var admin = await AdminProxy.StartWholeAsync(folder => Configuration(folder, upstream.Port), typeof(SecretiveFilter));
        await admin.Proxy.SendAsync($"GET /none?key={Planted}-query HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {Planted}-header\r\nCookie: s={Planted}-cookie\r\n\r\n");
        await admin.Proxy.SendAsync($"GET http://user:{Planted}-userinfo@a/\u0001 HTTP/1.1\r\nHost: a\r\n\r\n");
        await admin.Proxy.SendAsync("GET /other HTTP/1.1\r\nHost: a\r\n\r\n");
        await Poll.UntilAsync(async () => (await admin.GetAsync("/errors"))["errors"]!.AsArray().Count == 2);

        var listed = (await admin.GetAsync("/")).AsArray().Where(e => (string?)e!["method"] == "GET").Select(e => (string)e!["path"]!).ToList();
        var views = (await admin.GetAsync("/views"))["views"]!.AsArray().Select(view => $"/views/{view}").ToList();
        var explained = new[] { "/", "/pages", "/hook/x", "/other", "/moved" }.Select(path => $"/explain?url={path}");
        Assert.NotEmpty(views);
        foreach (var path in listed.Except(["/tail", "/views/{component}", "/explain"]).Concat(views).Concat(explained))
        {
            var text = await admin.Http.GetStringAsync(path);
            Assert.True(!text.Contains(Planted, StringComparison.OrdinalIgnoreCase), $"{path} shows a secret:\n{text}");
        }

        Assert.DoesNotContain(admin.Log.Lines, line => line.Contains(Planted, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task What_is_no_secret_is_shown_as_it_is_and_what_came_from_outside_as_it_is_written()
    {
        Environment.SetEnvironmentVariable(Variable, $"{Planted}-environment");
        await using var admin = await AdminProxy.StartWholeAsync(folder => Configuration(folder, 9), typeof(SecretiveFilter));

        var config = await admin.GetAsync("/config");

        Assert.Equal("***", (string?)config["http"]!["filters"]![0]!["secretive"]!["users"]!["alice"]);
        Assert.Equal("rediss://***@store:6379/0", (string?)config["http"]!["filters"]![0]!["secretive"]!["store"]);
        Assert.Equal($"${{{Variable}}}", (string?)config["http"]!["filters"]![0]!["secretive"]!["note"]);
        Assert.Equal($"${{{Variable}:-***}}", (string?)config["http"]!["filters"]![0]!["secretive"]!["client_secret"]);
        Assert.StartsWith("file:/", (string?)config["admin"]!["token"], StringComparison.Ordinal);
        Assert.Equal(("page", 503), ((string?)config["routes"]![1]!["name"], (int)config["routes"]![1]!["respond"]!["status"]!));
        Assert.Equal(("30s", true), ((string?)config["runtime"]!["shutdown_grace"], (bool)config["http"]!["forwarding"]!["x_forwarded"]!));
    }

    [Fact]
    public async Task Who_follows_sees_no_query_and_no_field_of_a_request()
    {
        await using var admin = await AdminProxy.StartAsync();
        using var response = await admin.Http.GetAsync("/tail", HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());

        await admin.Proxy.SendAsync($"GET /x?key={Planted} HTTP/1.1\r\nHost: a\r\nCookie: s={Planted}\r\n\r\n");

        var line = (await lines.ReadLineAsync())!;
        Assert.Equal("/x", (string?)JsonNode.Parse(line)!["path"]);
        Assert.DoesNotContain(Planted, line, StringComparison.Ordinal);
    }

    private static string Configuration(string folder, int upstream)
    {
        File.WriteAllText(Path.Combine(folder, "outside"), $"{Planted}-file\n");
        var file = $"${{file:{folder}/outside}}";
        return $$"""
            admin: { address: "127.0.0.1:0", token: "file:{{folder}}/token", allowed_hosts: [ "a{{file}}" ] }
            http:
              filters:
                - secretive:
                    users: { alice: {{Planted}}-1, bob: "${{{Variable}}}" }
                    phrase: {{Planted}}-2
                    client_secret: "{{Planted}}-3${{{Variable}}:-{{Planted}}-4}"
                    store: "rediss://user:{{Planted}}-5@store:6379/0"
                    database: "Host=db;Username=app;Password={{Planted}}-6;Timeout=5"
                    note: "${{{Variable}}}"
                    fields: [ { name: x-api-key, value: {{Planted}}-7 }, { name: plain, value: "Bearer {{Planted}}-8" } ]
                - secretive/key: { note: "-----BEGIN PRIVATE KEY-----\n{{Planted}}-9\n-----END PRIVATE KEY-----" }
              server_header: "{{file}}"
            routes:
              - { match: { path: "/hook/{{file}}", headers: { x-key: "{{file}}", authorization: {{Planted}}-10 } }, respond: { body: "{{file}}" } }
              - { name: page, match: { path: /pages }, respond: { status: 503, body: "${{{Variable}}}", headers: { set-cookie: {{Planted}}-11 } } }
              - { name: app, match: { path: /, query: { token: {{Planted}}-12 } }, cluster: origin }
              - { name: other, match: { path: /other }, rewrite: { path: "/to/{{file}}/x" }, cluster: origin }
              - { name: moved, match: { path: /moved }, redirect: { path: "/to/{{file}}" } }
            clusters: { origin: { endpoints: [ { address: "127.0.0.1:{{upstream}}", labels: { token: {{Planted}}-13 } } ], host: "{{file}}" } }
            """;
    }
}
