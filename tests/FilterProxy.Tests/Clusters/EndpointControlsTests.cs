using System.Net;
using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.LoadBalancing;
using FilterProxy.Core.Transport;
using Xunit;

namespace FilterProxy.Tests.Clusters;

public sealed class EndpointControlsTests
{
    private readonly EndpointControls _controls = new();

    [Fact]
    public void A_drained_endpoint_gets_no_requests_and_stays_known()
    {
        using var cluster = new Sample(_controls, "a", "b");

        _controls.Change("c", "a", control => control with { Mode = EndpointMode.Draining });
        cluster.Cluster.TakeControls();

        Assert.Equal(["b"], cluster.Picks(10).Keys);
        Assert.Equal(["b"], Names(cluster.Cluster.Endpoints));
        Assert.Equal(["a", "b"], Names(cluster.Cluster.Known));
    }

    [Fact]
    public void What_was_said_is_taken_back_by_the_same_way()
    {
        using var cluster = new Sample(_controls, "a", "b");
        _controls.Change("c", "a", control => control with { Mode = EndpointMode.Maintenance, Weight = 0 });
        cluster.Cluster.TakeControls();

        _controls.Change("c", "a", control => control with { Mode = EndpointMode.Active, Weight = null });
        cluster.Cluster.TakeControls();

        Assert.Equal(["a", "b"], cluster.Picks(10).Keys);
        Assert.Empty(_controls.All);
    }

    [Fact]
    public void A_weight_is_kept_through_new_sets_of_endpoints()
    {
        using var cluster = new Sample(_controls, "a", "b");
        _controls.Change("c", "a", control => control with { Weight = 3 });

        cluster.Set("a", "b", "c");
        cluster.Set("b");
        cluster.Set("a", "b");

        Assert.Equal((75, 25), (cluster.Picks(100)["a"], cluster.Picks(100)["b"]));
    }

    [Fact]
    public void A_cluster_that_takes_over_obeys_what_was_said_while_it_was_made()
    {
        using var cluster = new Sample(_controls, "a", "b");

        _controls.Change("c", "a", control => control with { Mode = EndpointMode.Draining });
        cluster.Cluster.Start();

        Assert.Equal(["b"], cluster.Picks(10).Keys);
    }

    [Fact]
    public void A_weight_that_is_taken_back_is_the_configured_one_also_where_a_change_of_health_comes_between()
    {
        using var cluster = new Sample(_controls, "a", "b");
        _controls.Change("c", "a", control => control with { Weight = 7 });
        cluster.Cluster.TakeControls();

        _controls.Change("c", "a", control => control with { Weight = null });
        ((IThreadPoolWorkItem)cluster.Cluster).Execute();
        cluster.Cluster.TakeControls();

        Assert.Equal(1, cluster.Cluster.Known[0].Weight);
    }

    [Fact]
    public void One_that_is_let_in_again_begins_as_slowly_as_a_new_one()
    {
        using var cluster = new Sample(_controls, "a");
        Assert.Equal(0, EndpointState.Of(cluster.Cluster.Known[0]).ServingSince);
        _controls.Change("c", "a", control => control with { Mode = EndpointMode.Maintenance });
        cluster.Cluster.TakeControls();

        _controls.Change("c", "a", control => control with { Mode = EndpointMode.Active });
        cluster.Cluster.TakeControls();

        Assert.NotEqual(0, EndpointState.Of(cluster.Cluster.Known[0]).ServingSince);
    }

    [Fact]
    public void What_is_said_of_one_cluster_does_not_hold_for_another()
    {
        using var cluster = new Sample(_controls, "a", "b");

        _controls.Change("other", "a", control => control with { Mode = EndpointMode.Draining });
        cluster.Cluster.TakeControls();

        Assert.Equal(["a", "b"], cluster.Picks(10).Keys);
    }

    [Fact]
    public void An_operators_word_on_health_goes_before_what_is_found_and_ends_with_it()
    {
        using var cluster = new Sample(_controls, "a", "b");
        var endpoint = cluster.Cluster.Known[0];
        _controls.Change("c", "a", control => control with { Health = false });
        cluster.Cluster.TakeControls();

        endpoint.IsHealthy = true;
        Assert.False(endpoint.IsHealthy);
        Assert.Equal(["b"], cluster.Picks(10).Keys);

        _controls.Change("c", "a", control => control with { Health = null });
        cluster.Cluster.TakeControls();
        Assert.True(endpoint.IsHealthy);

        endpoint.IsHealthy = false;
        Assert.False(endpoint.IsHealthy);
    }

    [Fact]
    public void A_cluster_whose_endpoints_are_all_drained_has_none_to_try()
    {
        using var cluster = new Sample(_controls, "a");

        _controls.Change("c", "a", control => control with { Mode = EndpointMode.Draining });
        cluster.Cluster.TakeControls();

        Assert.Null(cluster.Cluster.Pick(default));
    }

    private static List<string> Names(EndpointSet set)
    {
        var names = new List<string>();
        foreach (var endpoint in set.Span)
        {
            names.Add(endpoint.Name);
        }

        return names;
    }

    private sealed class Sample : IDisposable
    {
        private readonly Heartbeat _heartbeat = new(TimeProvider.System);

        public Sample(EndpointControls controls, params string[] endpoints)
        {
            var resolver = new NameResolver(TimeProvider.System, TimeSpan.FromSeconds(1));
            Cluster = new ProxyCluster(
                "c", new RoundRobin(), new TcpConnector(resolver, TimeSpan.FromSeconds(1), null), ClusterTimeouts.Default,
                new PoolRules(0, 0, 1, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero), new PeerSettings(), _heartbeat, 1)
            {
                Controls = controls,
            };
            Set(endpoints);
        }

        public ProxyCluster Cluster { get; }

        public void Set(params string[] endpoints) =>
            Cluster.SetEndpoints([.. endpoints.Select(name => new DiscoveredEndpoint(name, new IPEndPoint(IPAddress.Loopback, name[0])))]);

        /// <summary>How often each endpoint is chosen.</summary>
        public SortedDictionary<string, int> Picks(int count)
        {
            var picks = new SortedDictionary<string, int>(StringComparer.Ordinal);
            for (var i = 0; i < count; i++)
            {
                var name = Cluster.Pick(default)!.Endpoint.Name;
                picks[name] = picks.GetValueOrDefault(name) + 1;
            }

            return picks;
        }

        public void Dispose()
        {
            Cluster.Close();
            _heartbeat.Dispose();
        }
    }
}
