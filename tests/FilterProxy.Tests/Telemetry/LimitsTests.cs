using FilterProxy.Core.Telemetry;
using Xunit;

namespace FilterProxy.Tests.Telemetry;

public sealed class LimitsTests
{
    private static readonly Limit[] All = [.. Enum.GetValues<Limit>().Except([Limit.None])];

    [Fact]
    public void Every_limit_has_a_key_of_its_own() =>
        Assert.Equal(All.Length, All.Select(Limits.KeyOf).Where(k => k.Length > 0).Distinct().Count());

    [Fact]
    public void No_two_limits_have_the_same_reason_code()
    {
        var reasons = All.Select(Limits.ReasonOf).Where(r => r.Length > 0).ToList();

        Assert.Equal(reasons.Distinct(), reasons);
    }

    [Fact]
    public void An_error_that_names_a_limit_is_that_limits()
    {
        foreach (var limit in All.Where(l => Limits.ReasonOf(l).Length > 0))
        {
            Assert.Equal(limit, Limits.Of(ProxyError.Upstream(ProxyErrorKind.UpstreamTimeout, detail: Limits.DetailOf(limit))));
        }
    }

    [Fact]
    public void The_operators_page_names_every_key_and_every_reason_code()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations", "limits-and-timeouts.md"));

        Assert.All(All, limit => Assert.Contains($"`{Limits.KeyOf(limit)}`", page));
        Assert.All(All.Where(l => Limits.ReasonOf(l).Length > 0), limit => Assert.Contains($"`{Limits.ReasonOf(limit)}`", page));
    }
}
