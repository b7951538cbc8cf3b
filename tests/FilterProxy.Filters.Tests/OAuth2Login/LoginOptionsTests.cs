using FilterProxy.Filters.OAuth2Login;
using FilterProxy.Filters.OAuth2Login.Introspection;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.OAuth2Login;

/// <summary>Options that cannot work are refused with their place and a reason that shows no secret.</summary>
public sealed class LoginOptionsTests
{
    [Theory]
    [InlineData("issuer: https://login.example.com", "client_id is missing")]
    [InlineData("issuer: login.example.com, client_id: web", "is no issuer")]
    [InlineData("issuer: 'https://login.example.com/?a=b', client_id: web", "is no issuer")]
    [InlineData("issuer: http://login.example.com, client_id: web", "must be https")]
    [InlineData("issuer: https://login.example.com, client_id: web, client_authentication: basic", "needs client_secret")]
    [InlineData("issuer: https://login.example.com, client_id: web, client_secret: a, client_secret_file: b", "not both")]
    [InlineData("issuer: https://login.example.com, client_id: web, client_secret_file: nothing/here", "nothing/here")]
    [InlineData("issuer: https://login.example.com, client_id: web, cluster: nobody", "there is no cluster 'nobody'")]
    [InlineData("issuer: https://login.example.com, client_id: web, path: oauth2", "is no path")]
    [InlineData("issuer: https://login.example.com, client_id: web, external_url: https://a.example/x", "is no scheme and authority")]
    [InlineData("issuer: https://login.example.com, client_id: web, authorization_parameters: { state: x }", "'state' is the filter's own")]
    [InlineData("issuer: https://login.example.com, client_id: web, claim_headers: { 'x user': sub }", "is no header name")]
    [InlineData("issuer: https://login.example.com, client_id: web, api_paths: [api]", "is no path")]
    [InlineData("issuer: https://login.example.com, client_id: web, session: { keys: [hush-this-is-short] }", "32 characters")]
    [InlineData("issuer: https://login.example.com, client_id: web, session: { same_site: none, secure: false }", "browsers refuse")]
    [InlineData("issuer: https://login.example.com, client_id: web, session: { cookie: 'a b' }", "is no cookie name")]
    [InlineData("issuer: https://login.example.com, client_id: web, session: { keys_file: nothing/here }", "nothing/here")]
    [InlineData("issuer: https://login.example.com, client_id: web, logout: { return_to: //evil.example }", "is no path of this site")]
    [InlineData("issuer: https://login.example.com, client_id: web, clients_id: web", "did you mean 'client_id'")]
    public async Task A_wrong_option_is_refused(string options, string said)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(Configuration($"oauth2_login: {{ {options} }}"), components: [typeof(OAuth2LoginFilter)]));

        var message = refused.Message[..refused.Message.IndexOf("routes:", StringComparison.Ordinal)];
        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("issuer: https://login.example.com, client_id: api, cache: 2d", "between 0 and 1d")]
    [InlineData("issuer: https://login.example.com, client_id: api, claim_headers: { 'x user': sub }", "is no header name")]
    public async Task A_wrong_option_of_introspection_is_refused(string options, string said)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(
            () => TestProxy.StartAsync(Configuration($"token_introspection: {{ {options} }}"), components: [typeof(TokenIntrospectionFilter)]));

        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }

    private static string Configuration(string filter) => $$"""
        routes: [ { name: all, cluster: origin, filters: [ { {{filter}} } ] } ]
        clusters: { origin: { endpoints: ["127.0.0.1:1"] } }
        """;
}
