using FilterProxy.Core.Config;
using Xunit;

namespace FilterProxy.Tests.Config;

public sealed class ComponentChainTests
{
    private const string Defaults = "[access_log: {format: json}, rate_limit: {permits: 1000, window: 1s}, headers]";

    [Fact]
    public void Without_filters_of_its_own_a_route_has_the_defaults() => Assert.Equal(Refine("[]"), Parse(Defaults));

    [Fact]
    public void The_same_name_merges_in_place_field_by_field() =>
        Assert.Equal(
            Parse("[access_log: {format: json}, rate_limit: {permits: 100, window: 1s}, headers]"),
            Refine("[rate_limit: {permits: 100}]"));

    [Fact]
    public void Options_are_added_to_a_default_that_has_none() =>
        Assert.Equal(Parse("[access_log: {format: json}, rate_limit: {permits: 1000, window: 1s}, headers: {x: 1}]"), Refine("[headers: {x: 1}]"));

    [Fact]
    public void A_bare_name_keeps_the_default_options() => Assert.Equal(Parse(Defaults), Refine("[rate_limit]"));

    [Fact]
    public void Off_removes_a_default() => Assert.Equal(["access_log", "headers"], Refine("[rate_limit: off]").Select(filter => filter.Key));

    [Fact]
    public void Another_id_is_another_instance_after_the_defaults() =>
        Assert.Equal(
            ["access_log", "rate_limit", "headers", "jwt_auth", "rate_limit/login"],
            Refine("[jwt_auth, rate_limit/login: {permits: 5}]").Select(filter => filter.Key));

    private static IReadOnlyList<ComponentConfig> Refine(string own) => ComponentChain.Refine(Parse(Defaults), Parse(own));

    private static IReadOnlyList<ComponentConfig> Parse(string filters)
    {
        var text = ConfigText.Basis + "http: { route_filters: " + Defaults + " }\nroutes: [{ cluster: app, filters: " + filters + " }]";
        return ConfigText.Load(text).Routes[0].Filters;
    }
}
