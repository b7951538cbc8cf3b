using System.Net;
using System.Net.Sockets;
using FilterProxy.Hosting;
using FilterProxy.ScenarioTests.Executable;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace FilterProxy.ScenarioTests.Embedding;

/// <summary>What keeps an embedded proxy from starting is thrown by the host's start, all of it, before anything serves.</summary>
public sealed class StartErrorTests
{
    [Fact]
    public async Task Errors_of_code_name_their_place_by_its_path()
    {
        var error = await Assert.ThrowsAsync<FilterProxyException>(() => EmbeddedProxy.StartAsync(builder => builder.AddFilterProxy()
            .AddListener("web", "nowhere")
            .AddRoute("a", route => route.Path("x/*").ToCluster("ap").Set("timeouts.total", 5).Set("timeout", 1))
            .AddCluster("app", cluster => cluster.Endpoint("127.0.0.1:1").Set("pool.max", new Version(1, 2)))));

        Assert.Equal(
            [
                "clusters.app.pool.max: expected a whole number, got an object of type Version",
                "listeners.web.address: expected an address like '0.0.0.0:8080', got 'nowhere'",
                "routes[0].cluster: there is no cluster 'ap' (did you mean 'app'?)",
                "routes[0].match.path[0]: expected a path that begins with '/', got 'x/*'",
                "routes[0].timeout: unknown option 'timeout' of routes[0] (did you mean 'timeouts'?)",
                "routes[0].timeouts.total: expected a duration like '250ms', got '5' (add a unit: '5s')",
            ],
            error.Errors);
        Assert.EndsWith("\n6 errors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_of_files_and_of_the_hosts_configuration_name_theirs()
    {
        using var file = new ConfigFile("routes: [ { cluster: nobody } ]");
        var section = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Proxy:listeners:web:adress"] = "127.0.0.1:0" })
            .Build().GetSection("Proxy");

        var error = await Assert.ThrowsAsync<FilterProxyException>(() => EmbeddedProxy.StartAsync(builder => builder.AddFilterProxy()
            .LoadFromFile(file.Path)
            .LoadFromConfig(section)));

        Assert.Equal(
            [
                $"{file.Path}:1:22: there is no cluster 'nobody'",
                "Proxy:listeners:web: missing option 'address' of listeners.web",
                "Proxy:listeners:web:adress: unknown option 'adress' of listeners.web (did you mean 'address'?)",
            ],
            error.Errors);
    }

    [Fact]
    public async Task Options_records_keep_to_their_own_rules_and_fit_their_component()
    {
        var error = await Assert.ThrowsAsync<FilterProxyException>(() => EmbeddedProxy.StartAsync(builder =>
        {
            builder.Services.AddSingleton(new Greeter("hello"));
            builder.AddFilterProxy()
                .AddListener("web", "127.0.0.1:0")
                .AddFilter<EmbeddedFilter>(new EmbeddedOptions { Name = "much too long a name" })
                .AddRoute("a", route => route.Respond(204).Filter<EmbeddedFilter>(new Greeter("wrong")));
        }));

        Assert.Equal(2, error.Errors.Count);
        Assert.StartsWith("http.route_filters[0].embedded: The field name must be a string with a maximum length of 10", error.Errors[0], StringComparison.Ordinal);
        Assert.Equal("routes[0].filters[0].embedded: expected options of type EmbeddedOptions for embedded, got an object of type Greeter", error.Errors[1]);
    }

    [Fact]
    public async Task A_class_that_asks_for_a_service_nobody_registered_is_refused_by_name()
    {
        var error = await Assert.ThrowsAsync<FilterProxyException>(() => EmbeddedProxy.StartAsync(builder => builder.AddFilterProxy()
            .AddListener("web", "127.0.0.1:0")
            .AddRoute("a", route => route.Respond(204).Filter<NeedyFilter>())));

        Assert.Contains("these are not: EmbeddedOptions, Greeter", Assert.Single(error.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_configuration_stops_the_host_before_any_of_its_services_starts()
    {
        var other = new OtherService();

        await Assert.ThrowsAsync<FilterProxyException>(() => EmbeddedProxy.StartAsync(builder =>
        {
            builder.Services.AddHostedService(_ => other);
            builder.AddFilterProxy();
        }));

        Assert.False(other.HasStarted);
    }

    [Fact]
    public async Task Every_address_that_is_taken_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        using var alsoTaken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        alsoTaken.Start();

        var error = await Assert.ThrowsAsync<FilterProxyException>(() => EmbeddedProxy.StartAsync(builder => builder.AddFilterProxy()
            .AddListener("one", $"{taken.LocalEndpoint}")
            .AddListener("two", $"{alsoTaken.LocalEndpoint}", listener => listener.Set("io", "sockets"))
            .AddRoute("a", route => route.Respond(204))));

        Assert.Equal(
            [
                $"listener 'one' cannot listen on {taken.LocalEndpoint}: Address already in use",
                $"listener 'two' cannot listen on {alsoTaken.LocalEndpoint}: Address already in use",
            ],
            error.Errors);
    }

    private sealed class OtherService : IHostedService
    {
        public bool HasStarted { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken)
        {
            HasStarted = true;
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
