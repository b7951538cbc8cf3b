using System.Net;
using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Eligibility;
using FilterProxy.Core.Clusters.LoadBalancing;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Clusters.Eligibility;

public sealed class EligibilityTests
{
    private EligibilityRules _rules = EligibilityRules.Default;
    private long _now = 1000;

    [Fact]
    public void An_unhealthy_endpoint_takes_no_traffic()
    {
        var set = Set("a", "b");
        set[0].IsHealthy = false;
        Assert.Equal("bbbb", Picks(set, 4));
    }

    [Fact]
    public void When_all_are_unhealthy_all_take_traffic()
    {
        var set = Set("a", "b");
        set[0].IsHealthy = set[1].IsHealthy = false;
        Assert.Equal("abab", Picks(set, 4));
    }

    [Fact]
    public void Without_panic_a_cluster_that_is_down_has_no_endpoint()
    {
        _rules = _rules with { PanicThreshold = 0 };
        var set = Set("a");
        set[0].IsHealthy = false;
        Assert.Null(Build(set).Pick(default));
        Assert.Null(Build(set).Pick(new PickContext(Tried: [])));
    }

    [Fact]
    public void A_lower_priority_stands_in_for_what_is_down()
    {
        var set = Set("a", "b", "c/1", "d/1");
        Assert.Equal("abab", Picks(set, 4));
        set[0].IsHealthy = set[1].IsHealthy = false;
        Assert.Equal("cdcd", Picks(set, 4));
    }

    [Fact]
    public void A_priority_that_is_half_down_shares_with_the_next()
    {
        var set = Set("a", "b", "c/1");
        set[0].IsHealthy = false;
        var picks = Picks(set, 10_000);
        Assert.InRange(picks.Count(c => c == 'b'), 6_500, 7_500);
        Assert.InRange(picks.Count(c => c == 'c'), 2_500, 3_500);
    }

    [Fact]
    public void Near_endpoints_are_preferred_while_enough_of_them_are_healthy()
    {
        _rules = _rules with { Zone = new ZoneRule("zone", "x", 50) };
        var set = Set("a zone=x", "b zone=x", "c zone=x", "d zone=y");
        Assert.Equal("abca", Picks(set, 4));
        set[0].IsHealthy = false;
        Assert.Equal("bcbc", Picks(set, 4));
        set[1].IsHealthy = false;
        Assert.Equal("cdcd", Picks(set, 4));
    }

    [Theory]
    [InlineData("v2", true, "bcbc")]
    [InlineData("v1", true, "aaaa")]
    [InlineData("v3", true, "abcd")]
    [InlineData(null, true, "abcd")]
    [InlineData("v3", false, "----")]
    [InlineData(null, false, "----")]
    public void A_request_gets_the_subset_it_names(string? version, bool anyElse, string expected)
    {
        _rules = _rules with { Subset = new SubsetRule(["version"], Template.Parse("%REQ(x-version)%"), anyElse ? SubsetFallback.Any : SubsetFallback.None) };
        using var exchange = TestExchange.Get("/");
        if (version is not null)
        {
            exchange.WithHeader("x-version", version);
        }

        Assert.Equal(expected, Picks(Set("a version=v1", "b version=v2", "c version=v2", "d"), 4, new PickContext(Exchange: exchange)));
    }

    [Fact]
    public void Every_endpoint_is_tried_before_there_is_none_the_unhealthy_last()
    {
        var set = Set("a", "b", "c/1", "d");
        set[3].IsHealthy = false;
        var eligible = Build(set);
        var tried = new List<Endpoint>();
        while (eligible.Pick(new PickContext(Tried: tried)) is { } endpoint)
        {
            Assert.DoesNotContain(endpoint, tried);
            tried.Add(endpoint);
        }

        Assert.Equal(4, tried.Count);
        Assert.Same(set[3], tried[3]);
    }

    [Fact]
    public void A_picker_whose_word_is_the_last_is_not_corrected()
    {
        var set = Set("a", "b");
        var eligible = new EligibilityBuilder(_rules, new Stubborn(isBinding: true)).Build(set, EligibleSet.Empty, _now);
        Assert.Same(set[0], eligible.Pick(default));
        Assert.Null(eligible.Pick(new PickContext(Tried: [set[0]])));
    }

    [Fact]
    public void A_picker_that_returns_what_was_tried_is_corrected()
    {
        var set = Set("a", "b");
        var eligible = new EligibilityBuilder(_rules, new Stubborn(isBinding: false)).Build(set, EligibleSet.Empty, _now);
        Assert.Same(set[0], eligible.Pick(default));
        Assert.Same(set[1], eligible.Pick(new PickContext(Tried: [set[0]])));
    }

    [Fact]
    public void A_new_endpoint_grows_into_its_share()
    {
        _rules = _rules with { SlowStart = new SlowStart(10_000, 1, 10) };
        var set = Set("a", "b");
        EndpointState.Of(set[1]).ServingSince = 1000;
        Assert.Equal(10, Percent(1000));
        Assert.Equal(10, Percent(1500));
        Assert.Equal(50, Percent(6000));
        Assert.Equal(100, Percent(11_000));

        int Percent(long now)
        {
            _now = now;
            var level = Build(set).Groups.First().Levels[0];
            return level.Set.WeightOf(1) * 100 / level.Set.WeightOf(0);
        }
    }

    [Fact]
    public void It_is_due_again_while_an_endpoint_grows()
    {
        _rules = _rules with { SlowStart = new SlowStart(10_000, 1, 10) };
        var set = Set("a", "b");
        Assert.Equal(0, Build(set).DueAt);
        EndpointState.Of(set[1]).ServingSince = 900;
        Assert.Equal(1500, Build(set).DueAt);
    }

    private EligibleSet Build(EndpointSet set) => new EligibilityBuilder(_rules, new RoundRobin()).Build(set, EligibleSet.Empty, _now);

    private string Picks(EndpointSet set, int count, PickContext context = default)
    {
        var eligible = Build(set);
        return string.Concat(Enumerable.Range(0, count).Select(_ => eligible.Pick(context)?.Name ?? "-"));
    }

    // "name/priority label=value"
    private static EndpointSet Set(params string[] endpoints)
    {
        var cluster = new TestCluster("test");
        return new EndpointSet([.. endpoints.Select(text =>
        {
            var parts = text.Split(' ');
            var name = parts[0].Split('/');
            return new Endpoint(cluster, new DiscoveredEndpoint(name[0], new IPEndPoint(IPAddress.Loopback, 1))
            {
                Priority = name.Length > 1 ? int.Parse(name[1]) : 0,
                Labels = parts[1..].Select(label => label.Split('=')).ToDictionary(label => label[0], label => label[1]),
            });
        })]);
    }

    private sealed class Stubborn(bool isBinding) : ILoadBalancer, IEndpointPicker
    {
        private EndpointSet _set = EndpointSet.Empty;

        public IEndpointPicker Build(EndpointSet set, IEndpointPicker? previous)
        {
            _set = set;
            return this;
        }

        public bool IsBinding => isBinding;

        public Endpoint? Pick(in PickContext context) => _set[0];
    }
}
