using System.Net;
using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Acme;

/// <summary>Certificates got for real, from pebble.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PebbleTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [ProgramFact("pebble")]
    public async Task A_certificate_of_several_names_is_got_with_http_01_and_a_restart_asks_for_no_other()
    {
        await using var pebble = await Pebble.StartAsync(_folder);
        X509Certificate2 first;
        await using (var proxy = await AcmeProxy.StartAsync(pebble, _folder["store"], "names: [one.example.com, two.example.com]"))
        {
            Assert.Null(await AcmeProxy.ShownAsync(pebble.TlsPort, "one.example.com"));
            var chain = new X509Certificate2Collection();
            first = await AcmeProxy.WaitForAsync(proxy, pebble.TlsPort, "one.example.com");
            Assert.Equal(first.SerialNumber, (await AcmeProxy.ShownAsync(pebble.TlsPort, "TWO.example.com", chain))!.SerialNumber);
            Assert.Null(await AcmeProxy.ShownAsync(pebble.TlsPort, "three.example.com"));

            using var trust = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
            trust.ChainPolicy.CustomTrustStore.Add(await pebble.RootAsync());
            trust.ChainPolicy.ExtraStore.AddRange(chain);
            Assert.True(trust.Build(first), string.Join(", ", trust.ChainStatus.Select(s => s.StatusInformation)));
            Assert.Equal(1, proxy.Counts["filterproxy.acme.orders name=one.example.com outcome=issued"]);
            Assert.DoesNotContain(proxy.LogLines, l => l.Contains("PRIVATE", StringComparison.Ordinal));
        }

        // The CA is not even there: what lies on disk is enough.
        await pebble.StopCaAsync();
        await using var again = await AcmeProxy.StartAsync(pebble, _folder["store"], "names: [two.example.com, one.example.com]");
        Assert.Equal(first.SerialNumber, (await AcmeProxy.ShownAsync(pebble.TlsPort, "one.example.com"))!.SerialNumber);
        Assert.DoesNotContain(again.LogLines, l => l.Contains("ordered", StringComparison.Ordinal));
    }

    [ProgramFact("pebble")]
    public async Task What_lies_on_disk_is_its_owners_alone()
    {
        await using var pebble = await Pebble.StartAsync(_folder);
        await using var proxy = await AcmeProxy.StartAsync(pebble, _folder["store"], "names: [one.example.com]");
        await AcmeProxy.WaitForAsync(proxy, pebble.TlsPort, "one.example.com");
        await Poll.UntilAsync(() => Directory.GetFiles(_folder["store"], "*.pem", SearchOption.AllDirectories).Length == 1);

        var files = Directory.GetFiles(_folder["store"], "*", SearchOption.AllDirectories);
        Assert.Contains(files, f => f.EndsWith("account.key", StringComparison.Ordinal));
        Assert.DoesNotContain(files, f => f.EndsWith(".tmp", StringComparison.Ordinal) || f.Contains("/challenges/", StringComparison.Ordinal));
        Assert.All(files, f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
        Assert.All(
            Directory.GetDirectories(_folder["store"], "*", SearchOption.AllDirectories),
            d => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(d)));
    }

    [ProgramFact("pebble")]
    public async Task A_certificate_is_renewed_in_time_and_swapped_under_open_connections()
    {
        await using var pebble = await Pebble.StartAsync(_folder, validity: TimeSpan.FromSeconds(15));
        await using var proxy = await AcmeProxy.StartAsync(pebble, _folder["store"], "names: [one.example.com]");
        var first = await AcmeProxy.WaitForAsync(proxy, pebble.TlsPort, "one.example.com");
        await using var open = await OpenAsync(pebble.TlsPort);

        var second = await AcmeProxy.WaitForAsync(proxy, pebble.TlsPort, "one.example.com", first);

        Assert.True(second.NotBefore.ToUniversalTime() < first.NotAfter.ToUniversalTime(), "It was renewed after it had expired.");
        Assert.Equal(200, (await open.RoundTripAsync("GET / HTTP/1.1\r\nHost: one.example.com\r\n\r\n")).Status);
        Assert.True(proxy.Counts["filterproxy.acme.orders name=one.example.com outcome=issued"] >= 2);
    }

    [ProgramFact("pebble")]
    public async Task Tls_alpn_01_proves_names_on_the_tls_port_alone()
    {
        await using var pebble = await Pebble.StartAsync(_folder);
        await using var proxy = await AcmeProxy.StartAsync(
            pebble, _folder["store"], "names: [one.example.com, two.example.com], challenge: tls-alpn-01, key: rsa2048");

        var shown = await AcmeProxy.WaitForAsync(proxy, pebble.TlsPort, "two.example.com");

        Assert.Equal(2048, shown.GetRSAPublicKey()!.KeySize);
        Assert.DoesNotContain(proxy.LogLines, l => l.Contains("Error", StringComparison.Ordinal));
    }

    [ProgramFact("pebble")]
    public async Task Dns_01_proves_wildcards_by_a_program_that_sets_records()
    {
        await using var pebble = await Pebble.StartAsync(_folder);
        var hook = _folder.Write("hook.sh", $$"""
            #!/bin/sh
            [ "$2" = "$ACME_ACTION" ] && [ "$3" = "$ACME_RECORD_NAME" ] && [ "$4" = "$ACME_RECORD_VALUE" ] || exit 9
            echo "$1 $2 $ACME_DOMAIN $3" >> {{_folder["hook.log"]}}
            case "$2" in
              present) exec curl -sf -d "{\"host\":\"$3.\",\"value\":\"$4\"}" {{pebble.NamesAddress}}/set-txt ;;
              cleanup) exec curl -sf -d "{\"host\":\"$3.\"}" {{pebble.NamesAddress}}/clear-txt ;;
            esac
            """);
        File.SetUnixFileMode(hook, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var proxy = await AcmeProxy.StartAsync(
            pebble, _folder["store"], $$"""names: ["*.example.com", example.com], challenge: dns-01, dns: { command: ["{{hook}}", zone], wait: 0s }""");

        var shown = await AcmeProxy.WaitForAsync(proxy, pebble.TlsPort, "any.example.com");

        Assert.Equal(shown.SerialNumber, (await AcmeProxy.ShownAsync(pebble.TlsPort, "example.com"))!.SerialNumber);
        Assert.Null(await AcmeProxy.ShownAsync(pebble.TlsPort, "a.b.example.com"));
        var log = File.ReadAllLines(_folder["hook.log"]);
        Assert.Equal(2, log.Count(l => l == "zone present example.com _acme-challenge.example.com"));
        Assert.Equal(2, log.Count(l => l == "zone cleanup example.com _acme-challenge.example.com"));
    }

    [ProgramFact("pebble")]
    public async Task A_dns_program_that_fails_is_said_with_its_last_words()
    {
        await using var pebble = await Pebble.StartAsync(_folder);
        await using var proxy = await AcmeProxy.StartAsync(
            pebble, _folder["store"], "names: [example.com], challenge: dns-01, dns: { command: [sh, -c, \"echo no such zone >&2; exit 3\"], wait: 0s }");

        await Poll.UntilAsync(() => proxy.LogLines.Any(l => l.StartsWith("Error", StringComparison.Ordinal)), AcmeProxy.Patience);

        Assert.Contains("ended with 3: no such zone", proxy.LogLines.First(l => l.StartsWith("Error", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [ProgramFact("pebble")]
    public async Task An_account_is_bound_to_one_the_ca_knows()
    {
        const string key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
        await using var pebble = await Pebble.StartAsync(_folder, eab: key);
        await using (var without = await AcmeProxy.StartAsync(pebble, _folder["none"], "names: [one.example.com]"))
        {
            await Poll.UntilAsync(() => without.LogLines.Any(l => l.Contains("eab is missing", StringComparison.Ordinal)), AcmeProxy.Patience);
        }

        await using var proxy = await AcmeProxy.StartAsync(
            pebble, _folder["store"], $$"""names: [one.example.com], eab: { kid: kid-1, hmac_key: "{{key}}" }""");
        await AcmeProxy.WaitForAsync(proxy, pebble.TlsPort, "one.example.com");
        Assert.DoesNotContain(proxy.LogLines, l => l.Contains(key, StringComparison.Ordinal));
    }

    [ProgramFact("pebble")]
    public async Task A_ca_that_is_down_is_asked_again_until_it_answers()
    {
        await using var pebble = await Pebble.StartAsync(_folder, start: false);
        await using var proxy = await AcmeProxy.StartAsync(pebble, _folder["store"], "names: [one.example.com], placeholder: true");
        Assert.Equal("CN=FilterProxy", (await AcmeProxy.ShownAsync(pebble.TlsPort, "one.example.com"))!.Subject);
        await Poll.UntilAsync(() => proxy.LogLines.Count(l => l.Contains("could not be reached", StringComparison.Ordinal)) >= 2, AcmeProxy.Patience);

        await pebble.StartCaAsync();

        await Poll.UntilAsync(
            async () => (await AcmeProxy.ShownAsync(pebble.TlsPort, "one.example.com"))!.Issuer.Contains("Pebble", StringComparison.Ordinal), AcmeProxy.Patience);
    }

    [ProgramFact("pebble")]
    public async Task A_name_that_cannot_be_validated_takes_no_certificate_away()
    {
        await using var pebble = await Pebble.StartAsync(_folder, validity: TimeSpan.FromSeconds(20));
        await using var proxy = await AcmeProxy.StartAsync(pebble, _folder["store"], "names: [one.example.com]");
        await AcmeProxy.WaitForAsync(proxy, pebble.TlsPort, "one.example.com");

        // The name moves to a machine that knows nothing of us.
        await pebble.PointAsync("one.example.com", IPAddress.Parse("127.0.0.3"));
        await Poll.UntilAsync(() => proxy.LogLines.Any(l => l.Contains("could not validate one.example.com", StringComparison.Ordinal)), AcmeProxy.Patience);

        // Which one it is: a renewal may have been under way when the name moved.
        Assert.Contains("Pebble", (await AcmeProxy.ShownAsync(pebble.TlsPort, "one.example.com"))!.Issuer, StringComparison.Ordinal);
        Assert.Contains("expires", proxy.LogLines.First(l => l.StartsWith("Error", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [ProgramFact("pebble")]
    public async Task A_ca_that_forgot_the_account_gives_the_same_key_a_new_one()
    {
        await using var pebble = await Pebble.StartAsync(_folder, validity: TimeSpan.FromSeconds(15));
        await using var proxy = await AcmeProxy.StartAsync(pebble, _folder["store"], "names: [one.example.com]");
        var first = await AcmeProxy.WaitForAsync(proxy, pebble.TlsPort, "one.example.com");

        await pebble.StopCaAsync();
        await pebble.StartCaAsync();

        await AcmeProxy.WaitForAsync(proxy, pebble.TlsPort, "one.example.com", first);
    }

    [ProgramFact("pebble")]
    public async Task Of_several_chains_the_preferred_one_is_kept()
    {
        await using var pebble = await Pebble.StartAsync(_folder);
        using var other = await pebble.RootAsync(1);
        var name = other.GetNameInfo(X509NameType.SimpleName, false);
        await using var proxy = await AcmeProxy.StartAsync(pebble, _folder["store"], $$"""names: [one.example.com], preferred_chain: "{{name}}" """);
        await AcmeProxy.WaitForAsync(proxy, pebble.TlsPort, "one.example.com");
        await Poll.UntilAsync(() => Directory.GetFiles(_folder["store"], "*.pem", SearchOption.AllDirectories).Length == 1);

        var stored = new X509Certificate2Collection();
        stored.ImportFromPemFile(Directory.GetFiles(_folder["store"], "*.pem", SearchOption.AllDirectories)[0]);

        Assert.Contains(stored, c => c.GetNameInfo(X509NameType.SimpleName, true) == name);
    }

    [ProgramFact("pebble")]
    public async Task Two_proxies_with_one_store_order_once()
    {
        await using var pebble = await Pebble.StartAsync(_folder);
        await using var one = await AcmeProxy.StartAsync(pebble, _folder["store"], "names: [one.example.com]");
        var second = AcmeProxy.Config(pebble, _folder["store"], "names: [one.example.com]")
            .Replace($"127.0.0.1:{pebble.TlsPort}", "127.0.0.1:0", StringComparison.Ordinal)
            .Replace($"127.0.0.1:{pebble.HttpPort}", "127.0.0.1:0", StringComparison.Ordinal);
        await using var two = await TestProxy.StartAsync(
            second, components: [typeof(Filters.Acme.AcmeCertificates), typeof(Filters.Acme.AcmeChallengeFilter)]);

        var first = await AcmeProxy.WaitForAsync(one, pebble.TlsPort, "one.example.com");
        var same = await AcmeProxy.WaitForAsync(two, two.PortOf("web"), "one.example.com");

        Assert.Equal(first.SerialNumber, same.SerialNumber);
        Assert.Equal(1, one.Counts.Concat(two.Counts).Where(c => c.Key.EndsWith("outcome=issued", StringComparison.Ordinal)).Sum(c => c.Value));
    }

    private static async Task<RawClient> OpenAsync(int port)
    {
        var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        var tls = new System.Net.Security.SslStream(tcp.GetStream(), false, static (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("one.example.com");
        return new RawClient(tls);
    }
}
