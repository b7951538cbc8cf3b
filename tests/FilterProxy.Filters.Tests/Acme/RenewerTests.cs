using System.Globalization;
using System.Net.Security;
using FilterProxy.Filters.Acme;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace FilterProxy.Filters.Tests.Acme;

/// <summary>When certificates are got and renewed, by a clock in the test's hand.</summary>
public sealed class RenewerTests : IAsyncLifetime
{
    private readonly ScratchFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly TestComponentContext _context = new();
    private FakeCa _ca = null!;

    public async Task InitializeAsync()
    {
        (_context.Clock, _context.Directory) = (_time, _folder.Path);
        _ca = await FakeCa.StartAsync(_time);
    }

    public async Task DisposeAsync()
    {
        await _ca.DisposeAsync();
        _context.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_certificate_is_renewed_at_two_thirds_of_its_life()
    {
        await using var source = await StartAsync();
        await PassAsync(TimeSpan.FromSeconds(1), () => source.Certificates.Count == 1);

        await PassAsync(TimeSpan.FromHours(1), () => _ca.Orders.Count == 2);

        Assert.InRange((_ca.Orders[1].At - _ca.Orders[0].At).TotalDays, 60, 63.5);
    }

    [Fact]
    public async Task Where_the_ca_suggests_a_time_it_is_renewed_then_and_names_what_it_replaces()
    {
        _ca.Window = (_time.GetUtcNow().AddDays(3), _time.GetUtcNow().AddDays(4));
        await using var source = await StartAsync();
        await PassAsync(TimeSpan.FromSeconds(1), () => source.Certificates.Count == 1);
        var first = Convert.ToHexString(source.Certificates.Single().SerialNumberBytes.Span);

        await PassAsync(TimeSpan.FromMinutes(20), () => _ca.Orders.Count == 2);

        Assert.InRange((_ca.Orders[1].At - _ca.Orders[0].At).TotalDays, 2.9, 4.1);
        Assert.Null(_ca.Orders[0].Payload["replaces"]);
        var replaces = _ca.Orders[1].Payload["replaces"]!.GetValue<string>().Split('.');
        Assert.True(Filters.Acme.Client.Base64.TryDecode(replaces[1], out var serial));
        Assert.Equal(first, Convert.ToHexString(serial));
    }

    [Fact]
    public async Task A_ca_that_wants_everything_renewed_at_once_causes_no_flood_of_orders()
    {
        _ca.Window = (_time.GetUtcNow().AddDays(-2), _time.GetUtcNow().AddDays(-1));
        await using var source = await StartAsync();

        await PassAsync(TimeSpan.FromMinutes(1), () => _ca.Orders.Count == 3);

        Assert.True(_ca.Orders[1].At - _ca.Orders[0].At >= TimeSpan.FromHours(1));
        Assert.True(_ca.Orders[2].At - _ca.Orders[1].At >= TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task A_rate_limit_is_waited_for_as_long_as_the_ca_says()
    {
        var refused = 0;
        _ca.Instead = context =>
        {
            if (context.Request.Path != "/order" || Interlocked.Increment(ref refused) > 1)
            {
                return false;
            }

            context.Response.Headers.RetryAfter = "7200";
            Problem(context, 429, "rateLimited", "too many certificates");
            return true;
        };
        var began = _time.GetUtcNow();
        await using var source = await StartAsync();

        await PassAsync(TimeSpan.FromMinutes(1), () => source.Certificates.Count == 1);

        Assert.InRange(_ca.Orders.Single().At - began, TimeSpan.FromHours(2), TimeSpan.FromHours(2.2));
        Assert.Contains(_context.LogLines, l => l.Contains("too many certificates (rateLimited)", StringComparison.Ordinal));
        Assert.Equal(2, _context.Sum("filterproxy.acme.orders"));
    }

    [Fact]
    public async Task Failures_are_tried_again_ever_more_rarely()
    {
        var times = new List<DateTimeOffset>();
        _ca.Instead = context =>
        {
            if (context.Request.Path == "/order")
            {
                times.Add(_time.GetUtcNow());
                Problem(context, 400, "rejectedIdentifier", "not this\none");
                return true;
            }

            return false;
        };
        await using var source = await StartAsync();

        await PassAsync(TimeSpan.FromSeconds(20), () => times.Count == 9);

        var pauses = times.Zip(times.Skip(1), (a, b) => (b - a).TotalMinutes).ToList();
        foreach (var (pause, expected) in pauses.Zip([5.0, 10, 20, 40, 80, 160, 320, 360]))
        {
            Assert.InRange(pause, expected * 0.9, (expected * 1.1) + 1);
        }

        Assert.Contains(_context.LogLines, l => l.Contains("not this one (rejectedIdentifier)", StringComparison.Ordinal));
        Assert.Empty(source.Certificates);
    }

    [Fact]
    public async Task An_answer_that_is_none_is_a_failure_and_not_the_end()
    {
        var asked = 0;
        _ca.Instead = context =>
        {
            if (context.Request.Path != "/dir" || Interlocked.Increment(ref asked) > 2)
            {
                return false;
            }

            context.Response.StatusCode = asked == 1 ? 200 : 503;
            return true;
        };
        await using var source = await StartAsync();

        await PassAsync(TimeSpan.FromMinutes(1), () => source.Certificates.Count == 1);

        Assert.Contains(_context.LogLines, l => l.Contains("is no JSON", StringComparison.Ordinal));
        Assert.Contains(_context.LogLines, l => l.Contains("status 503", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_certificate_for_other_names_is_not_taken()
    {
        var source = await StartAsync();
        await PassAsync(TimeSpan.FromSeconds(1), () => source.Certificates.Count == 1);
        await source.DisposeAsync();
        var stolen = File.ReadAllText(Directory.GetFiles(_folder["acme"], "*.pem", SearchOption.AllDirectories).Single());

        // Another's file in this one's place: it is as if there were none.
        var other = await StartAsync(names: "other.example.com");
        await PassAsync(TimeSpan.FromSeconds(1), () => other.Certificates.Count == 1);
        await other.DisposeAsync();
        File.WriteAllText(Directory.GetFiles(_folder["acme"], "other*.pem", SearchOption.AllDirectories).Single(), stolen);
        await using var again = await StartAsync(names: "other.example.com");

        Assert.Empty(again.Certificates);
    }

    [Fact]
    public async Task A_file_that_is_damaged_is_said_and_replaced()
    {
        await using (var source = await StartAsync())
        {
            await PassAsync(TimeSpan.FromSeconds(1), () => source.Certificates.Count == 1);
        }

        var file = Directory.GetFiles(_folder["acme"], "*.pem", SearchOption.AllDirectories).Single();
        File.WriteAllText(file, File.ReadAllText(file)[..300]);
        await using var again = await StartAsync();
        Assert.Empty(again.Certificates);

        await PassAsync(TimeSpan.FromSeconds(1), () => again.Certificates.Count == 1);

        Assert.Contains(_context.LogLines, l => l.Contains("cannot be used", StringComparison.Ordinal));
        Assert.Equal(2, _ca.Orders.Count);
    }

    [Fact]
    public async Task Names_are_answered_exactly_and_others_only_by_a_default()
    {
        await using var source = await StartAsync();
        await using var fallback = await StartAsync("default: true");
        await PassAsync(TimeSpan.FromSeconds(1), () => source.Certificates.Count == 1 && fallback.Certificates.Count == 1);

        foreach (var (name, mine, theirs) in new[] { ("a.example.com", true, true), ("A.Example.com", true, true), ("b.example.com", false, false), ("", false, true) })
        {
            Assert.Equal(mine, await source.FindAsync(name, default) is not null);
            Assert.Equal(theirs, await fallback.FindAsync(name, default) is not null);
        }
    }

    [Fact]
    public async Task Nothing_is_made_or_asked_before_it_starts()
    {
        await using var source = Create("", "a.example.com");

        Assert.False(Directory.Exists(_folder["acme"]));
        Assert.Null(await source.FindAsync("a.example.com", default));
        Assert.Null(await source.AnswerChallengeAsync(new TlsClientHello("a.example.com", [new SslApplicationProtocol("acme-tls/1")]), default));
        Assert.Equal(0, _ca.CountOf("/dir"));
    }

    private static void Problem(HttpContext context, int status, string type, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        var json = new System.Text.Json.Nodes.JsonObject { ["type"] = "urn:ietf:params:acme:error:" + type, ["detail"] = detail };
        context.Response.BodyWriter.WriteAsync(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString())).AsTask().GetAwaiter().GetResult();
    }

    private async Task<AcmeCertificates> StartAsync(string options = "", string names = "a.example.com")
    {
        var source = Create(options, names);
        await source.StartAsync(CancellationToken.None);
        return source;
    }

    private AcmeCertificates Create(string options, string names) => new(
        new AcmeOptions
        {
            Names = [names],
            Directory = _ca.Directory,
            Ca = _ca.CaPath,
            TermsOfServiceAgreed = true,
            Default = options.Length > 0,
        },
        _context);

    /// <summary>Lets time pass, step by step, until something has happened.</summary>
    private async Task PassAsync(TimeSpan step, Func<bool> condition)
    {
        try
        {
            await Poll.UntilAsync(
                () =>
                {
                    if (condition())
                    {
                        return true;
                    }

                    // While an answer is awaited, no time passes.
                    if (_time.Waiting > 0)
                    {
                        _time.Advance(step);
                    }

                    return false;
                },
                TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"It is {_time.GetUtcNow():u}:\n{string.Join('\n', _context.LogLines)}"), e);
        }
    }
}
