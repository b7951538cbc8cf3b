using FilterProxy.Core;
using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Explain;
using FilterProxy.Host;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FilterProxy.Tests.Config.Explain;

public sealed class ExplainedFilterTests : IDisposable
{
    private const string Text = """
        plugins: [Rbac]
        http:
          filters: [ rbac/all: { policies: [ { name: methods, when: { methods: [GET] } } ] } ]
          route_filters: [ rbac: { policies: [ { name: everybody } ] } ]
        listeners: { web: { address: "127.0.0.1:80" } }
        routes:
          - name: admin
            match: { path: /admin/* }
            filters: [ rbac: { policies: [ { name: admins, when: { path: /admin/*, roles: [admin], ip: [10.0.0.0/8], headers: { x-a: [b] } } } ] } ]
            cluster: a
        clusters: { a: { endpoints: ["127.0.0.1:1"] } }
        """;

    private readonly ConfigFolder _folder = new ConfigFolder().Write("main.yaml", Text);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_filter_that_can_says_what_it_would_do()
    {
        var explanation = await ExplainAsync("/admin/x", ["sub=ada", "roles=admin"], "10.0.0.1");
        Assert.Equal(["allowed: policy 'methods'", "allowed: policy 'admins'"], explanation.Filters.Select(filter => filter.Says));
        Assert.Contains("\n              allowed: policy 'admins'\n", ExplanationText.Of(explanation, 0), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("roles=dev", "10.0.0.1")]
    [InlineData("roles=admin", "11.0.0.1")]
    public async Task It_depends_on_who_asks_and_from_where(string claim, string from) =>
        Assert.Equal("refused with 403: no policy allows it", (await ExplainAsync("/admin/x", [claim], from)).Filters[1].Says);

    [Fact]
    public async Task Without_a_route_only_the_filters_before_it_say_something() =>
        Assert.Equal("allowed: policy 'methods'", (await ExplainAsync("/nowhere", [], "10.0.0.1")).Filters[0].Says);

    [Theory]
    [InlineData("sub")]
    [InlineData("=ada")]
    public void What_is_no_claim_is_refused(string claim)
    {
        Assert.False(ExplainRequest.TryParseUser([claim], out var user, out var error));
        Assert.Null(user);
        Assert.StartsWith("expected a claim like 'sub=ada'", error, StringComparison.Ordinal);
    }

    private async Task<Explanation> ExplainAsync(string url, string[] claims, string from)
    {
        Assert.True(ExplainRequest.TryParse("GET", url, ["x-a: b"], out var request, out var error), error);
        Assert.True(ExplainRequest.TryParseUser(claims, out var user, out error), error);
        await using var engine = new Engine(new EngineOptions { Loggers = NullLoggerFactory.Instance, PluginPath = Plugins.Folder, ConfigDirectory = _folder.Path });
        var config = _folder.Load();
        var errors = new ConfigErrors();
        var compiled = engine.Compile(config, errors);
        Assert.Equal("", errors.ToString());
        return RequestExplainer.Explain(request with { From = System.Net.IPAddress.Parse(from), User = user }, config, compiled!);
    }
}
