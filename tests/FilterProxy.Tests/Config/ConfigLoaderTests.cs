using System.Text;
using FilterProxy.Core.Config;
using Xunit;
using static FilterProxy.Tests.Config.ConfigText;

namespace FilterProxy.Tests.Config;

public sealed class ConfigLoaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("filterproxy-config").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_whole_grammar_is_bound()
    {
        var config = Load(FullConfig.Text);

        Assert.Equal(TimeSpan.FromMinutes(1), config.Runtime.ShutdownGrace);
        Assert.Equal("./plugins", config.PluginPath);
        Assert.Equal(["10.0.0.0/8", "::1/128", "192.0.2.7/32"], config.Http.Forwarding.TrustedProxies.Select(network => network.ToString()));
        Assert.Null(config.Http.Forwarding.Via);
        Assert.Null(config.Http.Limits.RequestBody);
        Assert.Equal(TimeSpan.Zero, config.Http.Limits.WriteTimeout);
        Assert.Equal((PathNormalization.Reject, false, EncodedSlashes.Decode), (config.Http.Path.Normalization, config.Http.Path.MergeSlashes, config.Http.Path.EncodedSlashes));
        Assert.Equal("0.0.0.0:9090", config.Listeners["web"].Address);
        Assert.Equal([ListenerProtocol.Http1, ListenerProtocol.Http2], config.Listeners["web"].Protocols);
        Assert.Equal(["web", "v6", "local", "socket"], config.Listeners.Keys);
        var admin = config.Routes[0];
        Assert.Equal(["example.com", "*.example.com"], admin.Match.Host);
        Assert.Equal(("acme", false, "[0-9]+"), (admin.Match.Headers["x-tenant"].Exact, admin.Match.Headers["x-debug"].Present, admin.Match.Headers["x-version"].Regex));
        Assert.True(admin.Filters[0].Off);
        Assert.Equal((TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5), TimeSpan.Zero), (admin.Timeouts.Total, admin.Timeouts.Response, admin.Timeouts.Read));
        Assert.Equal([9, 1], config.Routes[1].Clusters!.Select(part => part.Weight));
        Assert.Equal((308, "https", 8443), (config.Routes[3].Redirect!.Status, config.Routes[3].Redirect!.Scheme, config.Routes[3].Redirect!.Port));
        var portal = config.Clusters["admin-portal"];
        Assert.Equal("least_requests", portal.LoadBalancer.Key);
        Assert.Equal((2, 1, "a"), (portal.Endpoints.Static[4].Weight, portal.Endpoints.Static[4].Priority, portal.Endpoints.Static[4].Labels["zone"]));
        Assert.Equal("dns", config.Clusters["discovered"].Endpoints.Source!.Name);
        Assert.Equal("10.0.0.5:5432", config.Clusters["named"].Endpoints.Static.Single().Address);
        Assert.Equal("http://10.0.0.5", config.Clusters["single"].Endpoints.Static.Single().Address);
    }

    [Fact]
    public void What_is_not_written_has_the_documented_default()
    {
        var config = Load(Basis + "routes: [{ cluster: app }]");

        Assert.Equal(new LimitsConfig(), config.Http.Limits);
        Assert.Equal(128 * 1024 * 1024, config.Http.Limits.RequestBody!.Value.Bytes);
        Assert.Equal("filterproxy", config.Http.Forwarding.Via);
        Assert.Equal([ListenerProtocol.Http1], config.Listeners["web"].Protocols);
        Assert.Null(config.Listeners["web"].Limits);
        Assert.Equal("power_of_two_choices", config.Clusters["app"].LoadBalancer.Key);
        Assert.Equal(TimeSpan.FromSeconds(5), config.Clusters["app"].ConnectTimeout);
        Assert.Null(config.Routes[0].Timeouts.Response);
    }

    [Fact]
    public void Equal_text_gives_equal_records_and_a_change_shows()
    {
        var one = Load(FullConfig.Text);
        var same = Load("# moved down\n\n" + FullConfig.Text);
        var other = Load(FullConfig.Text.Replace("max_idle: 10", "max_idle: 11", StringComparison.Ordinal));

        Assert.Equal(one, same);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(one, other);
        Assert.NotEqual(one.Clusters["admin-portal"], other.Clusters["admin-portal"]);
        Assert.Equal(one.Clusters["discovered"], other.Clusters["discovered"]);
    }

    [Fact]
    public void An_empty_list_is_equal_to_none_written()
    {
        var written = Load(Listener + "plugins: []\nhttp: { filters: [] }\nclusters: {}\n");

        Assert.Equal(Load(Listener), written);
    }

    [Fact]
    public void A_listener_overrides_limits_and_forwarding_field_by_field()
    {
        var config = Load(FullConfig.Text);

        Assert.Equal(config.Http.Limits with { IdleTimeout = TimeSpan.FromSeconds(5) }, config.Listeners["web"].Limits);
        Assert.Equal(config.Http.Forwarding with { TrustedProxies = [] }, config.Listeners["web"].Forwarding);
    }

    [Fact]
    public void An_error_in_what_listeners_inherit_is_said_once() =>
        AssertErrors(
            "http: { limits: { idle: 5s, header_count: x } }\nlisteners: { web: { address: '127.0.0.1:0', limits: { connections: 5 } } }",
            "c.yaml:1:19: unknown option 'idle' of http.limits",
            "c.yaml:1:43: expected a whole number, got 'x'");

    [Fact]
    public void A_route_without_a_name_is_called_after_its_match() =>
        Assert.Equal(
            ["admin", "/split/{rest*}", "/re/*", "/old/*", "/ping", "/ping~2", "PUT a.b/*"],
            Load(FullConfig.Text).Routes.Select(route => route.Name));

    [Fact]
    public void JSON_loads_as_well() =>
        Assert.Equal(
            Load(Listener + "http: { limits: { header_count: 5 } }"),
            Load("{\n\"listeners\": {\n\t\"web\": {\"address\": \"127.0.0.1:0\"}},\n\"http\":{\"limits\":{\"header_count\":5}}\n}"));

    [Theory]
    [InlineData("", "c.yaml:1:1: the configuration is empty")]
    [InlineData("---\n", "c.yaml:1:1: the configuration is empty")]
    [InlineData("~", "c.yaml:1:1: the configuration is empty")]
    [InlineData("just text", "c.yaml:1:1: expected a mapping, got 'just text'")]
    [InlineData("- a", "c.yaml:1:1: expected a mapping, got a list")]
    [InlineData("{}", "c.yaml:1:1: the configuration has no listeners (listeners: { web: { address: 0.0.0.0:8080 } })")]
    public void A_document_that_is_no_configuration_is_refused(string text, string error) => AssertErrors(text, error);

    [Fact]
    public void A_file_is_loaded_with_or_without_a_byte_order_mark()
    {
        Assert.Equal("", LoadFile(Encoding.UTF8.GetBytes(Listener)));
        Assert.Equal("", LoadFile([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Listener)]));
    }

    [Fact]
    public void A_file_that_is_not_UTF8_is_refused_where_it_goes_wrong() =>
        Assert.Equal("F:2:7: this is not UTF-8 text (save the file as UTF-8)\n1 error", LoadFile([.. "a: 1\nb: caf"u8, 0xE9, .. "\n"u8]));

    [Fact]
    public void A_file_that_is_too_large_is_refused() =>
        Assert.Equal("F: the file is larger than 4MiB\n1 error", LoadFile(new byte[(4 << 20) + 1]));

    [Fact]
    public void A_missing_file_is_an_error()
    {
        var path = Path.Combine(_folder, "none.yaml");

        Assert.Equal($"{path}: there is no such file\n1 error", ConfigLoader.Load(path).Errors.ToString());
    }

    [Fact]
    public void A_folder_is_an_error()
    {
        var error = Assert.Single(ConfigLoader.Load(_folder).Errors.Items);

        Assert.Equal("the file cannot be read", error.Message);
    }

    private string LoadFile(byte[] content)
    {
        var path = Path.Combine(_folder, "c.yaml");
        File.WriteAllBytes(path, content);
        return ConfigLoader.Load(path).Errors.ToString().Replace(path, "F", StringComparison.Ordinal);
    }
}
