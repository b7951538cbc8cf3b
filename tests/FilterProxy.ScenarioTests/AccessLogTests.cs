using System.Text.Json;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

public sealed class AccessLogTests : IDisposable
{
    private const int SigUsr1 = 10;
    private readonly string _folder = Directory.CreateTempSubdirectory("access-log-").FullName;

    private string LogPath => Path.Combine(_folder, "access.log");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Under_load_rotation_loses_and_tears_no_line()
    {
        var logged = await RunUnderLoadAsync("rotate: { size: 1KiB, keep: 1000 }", static (_, _) => Task.CompletedTask);

        Assert.True(Directory.GetFiles(_folder).Length > 3, "There must be old files.");
        Assert.All(Directory.GetFiles(_folder), file => Assert.True(new FileInfo(file).Length <= 1024, file));
        Assert.Equal(Expected(), logged);
    }

    [Fact]
    public async Task Under_load_sigusr1_goes_on_in_a_new_file_and_loses_and_tears_no_line()
    {
        var logged = await RunUnderLoadAsync("flush_interval: 10ms", async (proxy, round) =>
        {
            File.Move(LogPath, $"{LogPath}.{round}");
            proxy.Signal(SigUsr1);
            await Poll.UntilAsync(() => File.Exists(LogPath));
        });

        Assert.All(Directory.GetFiles(_folder), file => Assert.NotEqual(0, new FileInfo(file).Length));
        Assert.Equal(4, Directory.GetFiles(_folder).Length);
        Assert.Equal(Expected(), logged);
    }

    [Fact]
    public async Task Flags_and_reason_codes_tell_why_a_response_is_what_it_is()
    {
        using var dead = new DeadPort();
        await using var upstream = TestUpstream.Start(request => request.Target switch
        {
            "/slow" => UpstreamResponse.Never(),
            "/close" => UpstreamResponse.CloseNow(),
            "/bad" => UpstreamResponse.Raw("nonsense\r\n\r\n"),
            "/cut" => UpstreamResponse.Raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").ThenClose(),
            _ => UpstreamResponse.Ok(),
        });
        var port = ServerProcess.FreePort();
        using var file = new ConfigFile($$"""
            plugins: [AccessLog]
            http: { filters: [access_log: { path: {{LogPath}}, text_format: "%PATH(WQ:ORIG)% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%" }] }
            listeners: { web: { address: "127.0.0.1:{{port}}" } }
            routes:
              - { match: { path: /dead }, cluster: dead }
              - { match: { path: "/app/*" }, cluster: origin, rewrite: { strip_prefix: /app } }
            clusters:
              origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"], response_timeout: 300ms }
              dead: { endpoints: ["127.0.0.1:{{dead.Port}}"] }
            """);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();

        foreach (var path in new[] { "/app/ok", "/none", "/dead", "/app/slow", "/app/close", "/app/bad", "/app/cut" })
        {
            await using var client = await RawClient.ConnectAsync(port);
            await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            await client.ReadToEndAsync();
        }

        await using (var client = await RawClient.ConnectAsync(port))
        {
            await client.RoundTripAsync("GET /b HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
        }

        await using (var client = await RawClient.ConnectAsync(port))
        {
            var before = upstream.Requests.Count;
            await client.SendAsync("GET /app/slow HTTP/1.1\r\nHost: gone\r\n\r\n");
            await upstream.WaitForRequestsAsync(before + 1);
            client.Reset();
        }

        string[] expected =
        [
            "/app/bad 502 UPE,LR bad_response",
            "/app/close 502 UC,LR upstream_closed",
            "/app/cut 200 UC upstream_body_failed",
            "/app/ok 200 - via_upstream",
            "/app/slow 0 DC client_closed",
            "/app/slow 504 UT,LR upstream_response_timeout",
            "/b 400 DPE,LR bad_request",
            "/dead 502 UF,LR connect_failed",
            "/none 404 NR,LR no_route",
        ];
        await Poll.UntilAsync(() => File.ReadAllLines(LogPath).Length >= expected.Length);
        Assert.Equal(expected, File.ReadAllLines(LogPath).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task No_secret_of_a_request_or_response_is_written_in_either_format()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("ok", ("set-cookie", "id=s3cr3t"), ("location", "/?code=s3cr3t")));
        var port = ServerProcess.FreePort();
        const string text = "%PATH(WQ:ORIG)% %REQ(authorization)% %REQ(cookie)% %REQ(x-api-key)% %REQ(referer)% %RESP(set-cookie)% %RESP(location)%";
        using var file = ConfigFile.Forwarding(port, upstream.Port, $$"""
            plugins: [AccessLog]
            http:
              route_filters:
                - access_log/text: { path: {{LogPath}}, text_format: "{{text}}" }
                - access_log/json: { path: {{LogPath}}.json, format: json, fields: { all: "{{text}}" } }
            """);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();

        await using var client = await RawClient.ConnectAsync(port);
        await client.RoundTripAsync(
            "GET /a?x=1&token=s3cr3t HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer s3cr3t\r\nCookie: id=s3cr3t\r\nX-Api-Key: s3cr3t\r\n"
            + "Referer: http://b/?password=s3cr3t\r\n\r\n");
        proxy.Signal(ProxyProcess.SigTerm);
        Assert.Equal(0, await proxy.ExitAsync());

        const string masked = "/a?x=1&token=*** *** *** *** http://b/?password=*** *** /?code=***";
        Assert.Equal([masked], File.ReadAllLines(LogPath));
        using var json = JsonDocument.Parse(Assert.Single(File.ReadAllLines(LogPath + ".json")));
        Assert.Equal(masked, json.RootElement.GetProperty("all").GetString());
        Assert.Equal("/a?x=1&token=***", json.RootElement.GetProperty("path").GetString());
    }

    [Fact]
    public async Task Wrong_options_are_refused_each_at_its_place()
    {
        // The mark stands where the error is.
        (string Options, string Error)[] wrong =
        [
            ("^formt: json", "unknown option 'formt' of access_log (did you mean 'format'?)"),
            ("format: ^jsn", "expected one of text, json, got 'jsn' (did you mean 'json'?)"),
            ("text_format: ^'%RESPONSE_CDE%'", "unknown operator 'RESPONSE_CDE' (did you mean 'RESPONSE_CODE'?) (column 1 of '%RESPONSE_CDE%')"),
            ("format: json, fields: { a: ^'%NOPE%' }", "unknown operator 'NOPE' (column 1 of '%NOPE%')"),
            ("text_format: ^\"a\\nb\"", "text_format must be one line, without control characters"),
            ("sample: ^10", "'10' is more than all exchanges (did you mean '10%'?)"),
            ("sample: ^ten", "expected a fraction like '10%' or '0.1', got 'ten'"),
            ("min_status: ^1000", "min_status must be between 0 and 599"),
            ("min_duration: ^5", "expected a duration like '250ms', got '5' (add a unit: '5s')"),
            ("format: json, text_format: ^x", "text_format has no effect with format: json; use fields"),
            ("fields: ^{ a: x }", "fields have no effect with format: text; use text_format"),
            ("format: json, default_fields: ^false", "default_fields: false leaves no field to write; add some to fields"),
            ("path: a.log, rotate: { keep: ^0, every: day }", "keep must be between 1 and 10000"),
            ("path: a.log, rotate: ^{ keep: 3 }", "rotate needs a size, or every: hour or day"),
            ("path: a.log, rotate: { size: ^10 }", "size must be at least 1KiB"),
            ("rotate: { every: ^week }", "expected one of hour, day, got 'week'"),
            ("rotate: ^{ every: day }", "only files can be rotated, not /dev/stdout"),
            ("mask: { query: ^[a*b] }", "'a*b' is no name, nor one with a '*' at its beginning or end"),
            ("buffer_size: ^1KiB", "buffer_size must be between 64KiB and 1GiB"),
            ("flush_interval: ^1h", "flush_interval must be between 1ms and 1m"),
            ("path: ^''", "path must not be empty"),
        ];
        const int firstLine = 4;
        var filters = wrong.Select((w, i) => $"  - access_log/{i}: {{ {w.Options} }}").ToArray();
        using var file = ConfigFile.Forwarding(8080, 8081, $"plugins: [AccessLog]\nhttp:\n  filters:\n{string.Join('\n', filters).Replace("^", "", StringComparison.Ordinal)}");

        var (code, _, error) = await ProxyProcess.RunAsync("validate", "-c", file.Path);

        Assert.Equal(2, code);
        var expected = wrong.Select((w, i) => $"{file.Path}:{firstLine + i}:{filters[i].IndexOf('^', StringComparison.Ordinal) + 1}: {w.Error}");
        Assert.Equal([.. expected, $"{wrong.Length} errors", ""], error.Split('\n'));
    }

    [Fact]
    public async Task A_path_in_a_folder_that_is_not_there_is_refused_at_its_place()
    {
        using var file = ConfigFile.Forwarding(8080, 8081, "plugins: [AccessLog]\nhttp:\n  filters:\n  - access_log: { path: no/access.log }");

        var (code, _, error) = await ProxyProcess.RunAsync("run", "-c", file.Path);

        Assert.Equal(
            (2, $"{file.Path}:4:5: access_log: path 'no/access.log' has no folder '{file.Folder}/no' to be in; create it first (from plugin AccessLog 0.1.0)\n1 error\n"), (code, error));
    }

    private static IEnumerable<string> Expected() =>
        Enumerable.Range(0, 16).SelectMany(client => Enumerable.Range(0, 50).Select(i => $"<{client}-{i}>")).Order(StringComparer.Ordinal);

    /// <summary>800 requests over sixteen connections, then SIGTERM. Every 175 of them <paramref name="disturb"/> has its turn.</summary>
    /// <returns>All lines of all files, in order.</returns>
    private async Task<IEnumerable<string>> RunUnderLoadAsync(string options, Func<ProxyProcess, int, Task> disturb)
    {
        await using var upstream = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        using var file = ConfigFile.Forwarding(port, upstream.Port, $$"""
            plugins: [AccessLog]
            http: { route_filters: [access_log: { path: {{LogPath}}, text_format: "<%REQ(x-n)%>", {{options}} }] }
            """);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();

        var sent = 0;
        var load = Task.WhenAll(Enumerable.Range(0, 16).Select(n => Task.Run(async () =>
        {
            await using var client = await RawClient.ConnectAsync(port);
            for (var i = 0; i < 50; i++)
            {
                await client.RoundTripAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-N: {n}-{i}\r\n\r\n");
                Interlocked.Increment(ref sent);
            }
        })));
        for (var round = 1; round <= 3; round++)
        {
            var mark = round * 175;
            await Poll.UntilAsync(() => Volatile.Read(ref sent) >= mark, TimeSpan.FromSeconds(60));
            await disturb(proxy, round);
        }

        await load;
        proxy.Signal(ProxyProcess.SigTerm);
        Assert.Equal(0, await proxy.ExitAsync());
        return Directory.GetFiles(_folder).SelectMany(File.ReadAllLines).Order(StringComparer.Ordinal);
    }
}
