using System.Runtime.CompilerServices;
using FilterProxy.Core.Config;
using Xunit;

namespace FilterProxy.Tests.Config;

public sealed class DefaultConfigTests
{
    [Fact]
    public void The_default_configuration_loads_without_errors()
    {
        var (config, errors) = ConfigLoader.Load(Path());

        Assert.Equal("", errors.ToString());
        Assert.True(config!.Samples);
        Assert.Equal(["AccessLog", "Headers"], config.Plugins.Select(plugin => plugin.Name));
        Assert.Equal(["access_log"], config.Http.RouteFilters.Select(filter => filter.Key));
        Assert.StartsWith("0.0.0.0:", config.Listeners["web"].Address, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("main", "127.0.0.1:3000")]
    [InlineData("oauth", "127.0.0.1:3001")]
    [InlineData("admin", "127.0.0.1:3002")]
    [InlineData("kline", "127.0.0.1:3003")]
    [InlineData("flow", "127.0.0.1:3004")]
    [InlineData("test", "127.0.0.1:3005")]
    [InlineData("oauth-api", "127.0.0.1:3001")]
    [InlineData("admin-api", "127.0.0.1:3002")]
    [InlineData("kline-api", "127.0.0.1:3003")]
    [InlineData("flow-api", "127.0.0.1:3004")]
    [InlineData("test-api", "127.0.0.1:3005")]
    public void The_default_configuration_sends_each_service_to_its_port(string routeName, string endpoint)
    {
        var config = ConfigLoader.Load(Path()).Config!;

        var route = config.Routes.Single(candidate => candidate.Name == routeName);

        Assert.Equal(endpoint, config.Clusters[route.Cluster!].Endpoints.Static.Single().Address);
    }

    private static string Path([CallerFilePath] string here = "") =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(here)!, "../../../conf/filterproxy.yaml"));
}
