using FilterProxy.Core.Routing;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.Tests.Routing;

/// <summary>Random rules and requests, answered by the table and by <see cref="NaiveRouter"/>.</summary>
public sealed class RouteTablePropertyTests(ITestOutputHelper output)
{
    private const int Seed = 20260611;
    private static readonly string[] HostPatterns =
        ["*", "*:81", "a.com", "a.com:81", "b.a.com", "*.a.com", "*.b.a.com", "*.a.com:81", "*.com", "d.a.com"];

    private static readonly string[] Authorities =
        ["a.com", "A.COM", "a.com:81", "a.com:82", "b.a.com", "c.b.a.com", "C.b.a.com:81", "x.a.com:81", "x.com", "com", "x", "x:81", ""];

    private static readonly string[] Segments = ["a", "b", "cc", "{}", "{}", ""];
    private static readonly string[] Regexes = ["~ ^/a", "~ b$", "~ ^/[ab]/.*c", "~ ^/$", "~ ."];
    private static readonly string[] Methods = ["GET", "PUT", "PURGE"];

    [Fact]
    public void Answers_as_the_naive_router_does()
    {
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        var (matched, captured) = (0, 0);
        for (var round = 0; round < 500; round++)
        {
            var rules = Enumerable.Range(0, random.Next(1, 30)).Select(i => MakeRule(random, $"r{i}")).ToArray();
            var naive = new NaiveRouter(rules);
            var table = RouteTable<string>.Build([.. rules.Select(ToRule)]);
            var captures = new RouteCaptures();
            for (var request = 0; request < 40; request++)
            {
                var (host, path) = (Pick(random, Authorities), MakePath(random));
                var (method, listener, hasHeader) = (Pick(random, Methods), random.Next(2) == 0 ? "web" : "other", random.Next(2) == 0);
                var head = RequestHeads.Make(method, path, host, hasHeader ? [("x-canary", "1")] : []);

                var expected = naive.Match(host, path, method, listener, hasHeader);
                var actual = table.TryMatch(head, listener, captures, out var value) ? (value, Describe(captures, path)) : ((string, string)?)null;

                var label = $"round {round}: {method} '{path}' at '{host}' by {listener}, header {hasHeader}, rules:\n{Describe(rules)}";
                Assert.True(expected == actual, $"expected {expected}, got {actual}; {label}");
                var explained = table.Explain(head, listener).ToArray();
                Assert.True(explained.SingleOrDefault(r => r.Wins).Route == value, label);
                Assert.True(explained.Any(r => r.Matches) == expected is not null, label);
                matched += expected is null ? 0 : 1;
                captured += captures.Count > 0 ? 1 : 0;
            }
        }

        output.WriteLine($"{matched} requests matched, {captured} with captures");
        Assert.InRange(matched, 10_000, 19_500);
        Assert.True(captured > 4_000);
    }

    private static NaiveRule MakeRule(Random random, string name) => new(
        name,
        [.. Enumerable.Range(0, random.Next(3)).Select(_ => Pick(random, HostPatterns)).Distinct()],
        [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => MakePattern(random)).Distinct().Skip(random.Next(8) == 0 ? 9 : 0)],
        random.Next(3) == 0 ? Pick(random, Methods) : null,
        random.Next(4) == 0 ? "web" : null,
        random.Next(4) == 0);

    private static string MakePattern(Random random)
    {
        if (random.Next(8) == 0)
        {
            return Pick(random, Regexes);
        }

        var segments = Enumerable.Range(0, random.Next(4)).Select((_, i) => Pick(random, Segments).Replace("{}", $"{{p{i}}}", StringComparison.Ordinal));
        var tail = random.Next(3) switch { 0 => "/*", 1 => "/{rest*}", _ => "" };
        var pattern = string.Concat(segments.Select(s => "/" + s)) + tail;
        return pattern.Length == 0 ? "/" : pattern;
    }

    private static string MakePath(Random random) => random.Next(30) switch
    {
        0 => "*",
        1 => "",
        _ => "/" + string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => Pick(random, ["a", "b", "cc", "c", "x", ""]))),
    };

    private static RouteRule<string> ToRule(NaiveRule rule, int order) => new()
    {
        Name = rule.Name,
        Value = rule.Name,
        Order = order,
        Hosts = [.. rule.Hosts.Select(HostPattern.Parse)],
        Paths = [.. rule.Paths.Select(PathPattern.Parse)],
        Methods = rule.Method is null ? [] : [rule.Method],
        Listeners = rule.Listener is null ? [] : [rule.Listener],
        Headers = rule.WantsHeader ? [new("x-canary", ValueMatcher.Present)] : [],
    };

    private static string Describe(RouteCaptures captures, string path) => string.Concat(Enumerable.Range(0, captures.Count).Select(i =>
        $"{captures.GetName(i)}={path.AsSpan(captures.GetRange(i).Start, captures.GetRange(i).Length)};"));

    private static string Describe(NaiveRule[] rules) => string.Join('\n', rules.Select(r =>
        $"  {r.Name}: [{string.Join(' ', r.Hosts)}] [{string.Join(' ', r.Paths)}] {r.Method} {r.Listener} {r.WantsHeader}"));

    private static string Pick(Random random, string[] items) => items[random.Next(items.Length)];
}
