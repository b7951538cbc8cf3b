using FilterProxy.Filters.OAuth2Login;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.OAuth2Login;

/// <summary>A login through a whole proxy.</summary>
public sealed class LoginProxyTests
{
    [Theory]
    [InlineData(TestTransport.Tls)]
    [InlineData(TestTransport.H2)]
    public async Task A_session_is_made_used_and_ended(TestTransport transport)
    {
        await using var provider = new FakeProvider(TimeProvider.System);
        await using var upstream = TestUpstream.Start(request => UpstreamResponse.Ok($"{request.Headers["X-User"]} {request.Headers["Authorization"]?[..14]} {request.Headers["Cookie"]}"));
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            http:
              route_filters:
                - oauth2_login:
                    store: login
                    issuer: {{provider.Issuer}}
                    client_id: {{FakeProvider.ClientId}}
                    client_secret: "{{FakeProvider.Secret}}"
                    relay: access_token
                    claim_headers: { x-user: sub }
                    session: { keys: ["{{LoginRig.Key}}"] }
            routes:
              - { name: all, cluster: origin }
              - { name: owners, match: { path: /owners/* }, filters: [ { oauth2_login: { require: { roles: [owner] } } } ], cluster: origin }
              - { name: public, match: { path: /public/* }, filters: [ { oauth2_login: off } ], cluster: origin }
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """,
            transport,
            typeof(OAuth2LoginFilter));
        await using var client = await proxy.ConnectAsync();
        var cookies = "theme=dark";

        var begun = await client.RoundTripAsync(Get("/deep?x=1"));
        Assert.Equal(302, begun.Status);
        Take(begun);
        var done = await client.RoundTripAsync(Get("/oauth2/callback?" + provider.Authorize(begun.Headers["Location"]!)));
        Assert.Equal((303, "/deep?x=1"), (done.Status, done.Headers["Location"]));
        Take(done);

        Assert.Equal("ada Bearer access- theme=dark", (await client.RoundTripAsync(Get("/deep?x=1"))).Text);
        Assert.Equal(403, (await client.RoundTripAsync(Get("/owners/1"))).Status);
        Assert.Equal(200, (await client.RoundTripAsync(Get("/public/1"))).Status);
        var session = cookies;
        Assert.Equal(303, (await client.RoundTripAsync(Get("/oauth2/logout"))).Status);
        cookies = session;
        Assert.Equal(302, (await client.RoundTripAsync(Get("/deep"))).Status);
        Assert.Equal(1, proxy.Counts["filterproxy.login.logins result=done"]);

        string Get(string target) => $"GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nCookie: {cookies}\r\n\r\n";

        void Take(RawResponse response)
        {
            foreach (var field in response.Headers.Values("Set-Cookie").Where(field => !field.Contains("Max-Age=0", StringComparison.Ordinal)))
            {
                cookies += "; " + field.Split(';')[0];
            }
        }
    }
}
