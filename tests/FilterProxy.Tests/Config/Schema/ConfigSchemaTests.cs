using System.Reflection;
using System.Text.Json.Nodes;
using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Schema;
using Xunit;

namespace FilterProxy.Tests.Config.Schema;

public sealed class ConfigSchemaTests
{
    private static readonly JsonNode Current = JsonNode.Parse(ConfigSchema.Create(Generated.Registry))!;

    public static TheoryData<string> Examples =>
        [.. Directory.GetFiles(Repository.PathOf("conf"), "*.yaml", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Repository.Root, file)).Order()];

    [Fact]
    public void The_schema_in_the_repository_is_the_one_generated() =>
        Generated.AssertCurrent(Repository.PathOf("conf", "filterproxy.schema.json"), _ => ConfigSchema.Create(Generated.Registry));

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_fits_the_schema_and_names_it_for_editors(string file)
    {
        var text = File.ReadAllText(Repository.PathOf(file));

        Assert.Empty(SchemaCheck.Run(Current, YamlJson.Read(text)));
        var schema = text.Split('\n')[0];
        Assert.StartsWith("# yaml-language-server: $schema=", schema, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(Repository.PathOf(file))!, schema["# yaml-language-server: $schema=".Length..])), schema);
    }

    [Theory]
    [InlineData("http: { limits: { request_line: 64KiB, request_head: 512, header_timeout: 1h30m, idle_timeout: off, body_timeout: 0 } }")]
    [InlineData("http: { limits: { header_count: '${COUNT:-5}', request_body: off }, forwarding: { via: off, trusted_proxies: '::1' } }")]
    [InlineData("http: { allow_connect: on, server_header: 1, underscores: '${U}' }")]
    [InlineData("http: { route_filters: access_log }")]
    [InlineData("http: { route_filters: [ access_log, access_log/b: { format: json }, access_log/c, headers: ~ ] }")]
    [InlineData("routes: [ { filters: [ access_log: off, headers/x: off ], cluster: a } ]")]
    [InlineData("routes: [ { match: { path: /a/*, headers: { a: b, c: { present: true }, d: 2 } }, respond: {} } ]")]
    [InlineData("clusters: { a: { endpoints: ['127.0.0.1:1', { address: 'a:1', weight: 2 }], load_balancer: round_robin } }")]
    [InlineData("clusters: { a: { endpoints: { static: '127.0.0.1:1' } }, b: { endpoints: 'x:1' } }")]
    [InlineData("listeners: { w: { address: 'file:/run/address', filters: [ tls: { certificates: [ file: { cert: a, key: b } ] } ] } }")]
    [InlineData("plugins: [ AccessLog, Third.Party, Headers: { sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef } ]")]
    [InlineData("include: [ a.yaml, b/*.yaml ]")]
    public void What_the_binder_takes_the_schema_takes(string text) => Assert.Empty(SchemaCheck.Run(Current, YamlJson.Read(text)));

    [Theory]
    [InlineData("htp: {}")]
    [InlineData("http: { limits: { header_timeout: 5 } }")]
    [InlineData("http: { limits: { header_timeout: 5 minutes } }")]
    [InlineData("http: { limits: { request_line: 64k } }")]
    [InlineData("http: { limits: { header_count: 0 } }")]
    [InlineData("http: { limits: { header_count: many } }")]
    [InlineData("http: { underscores: maybe }")]
    [InlineData("http: { allow_connect: perhaps }")]
    [InlineData("http: { forwarding: { trusted_proxies: example.com } }")]
    [InlineData("http: { route_filters: [ acess_log ] }")]
    [InlineData("http: { route_filters: [ access_log: { fromat: json } ] }")]
    [InlineData("http: { route_filters: [ access_log: { format: xml } ] }")]
    [InlineData("http: { route_filters: [ access_log: off ] }")]
    [InlineData("http: { route_filters: [ { access_log: {}, headers: {} } ] }")]
    [InlineData("udp_listeners: { w: { } }")]
    [InlineData("listeners: { w: { address: a, filters: [ access_log ] } }")]
    [InlineData("listeners: { w: { address: a, filters: [ tls ] } }")]
    [InlineData("routes: { cluster: a }")]
    [InlineData("routes: [ { redirect: { status: 200 } } ]")]
    [InlineData("routes: [ { match: { headers: { a: { exact: [] } } } } ]")]
    [InlineData("clusters: { a: { load_balancer: rund_robin, endpoints: [] } }")]
    [InlineData("plugins: [ A: { sha256: 12 } ]")]
    public void What_the_binder_refuses_the_schema_refuses(string text) => Assert.NotEmpty(SchemaCheck.Run(Current, YamlJson.Read(text)));

    [Fact]
    public void Every_option_of_the_engine_and_its_plugins_is_described()
    {
        var missing =
            from definition in Current["definitions"]!.AsObject()
            from property in definition.Value!["properties"]?.AsObject() ?? []
            where definition.Value["minProperties"] is null && property.Value!["description"] is null
            select $"{definition.Key}.{property.Key}";

        Assert.Empty(missing);
    }

    [Fact]
    public void Every_option_that_holds_a_component_says_of_which_kind()
    {
        var unknown =
            from type in typeof(ProxyConfig).Assembly.GetTypes()
            where type.Namespace == typeof(ProxyConfig).Namespace
            from property in type.GetProperties()
            where property.PropertyType == typeof(ComponentConfig) || CollectionForm.ItemOf(property.PropertyType) == typeof(ComponentConfig)
            where property.GetCustomAttribute<ComponentKindAttribute>() is null
            select $"{type.Name}.{property.Name}";

        Assert.Empty(unknown);
    }
}
