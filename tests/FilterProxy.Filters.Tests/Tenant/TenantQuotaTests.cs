extern alias QuotaPlugin;

using FilterProxy.Filters.RateLimit;
using FilterProxy.Filters.Tenant;
using FilterProxy.TestKit;
using QuotaPlugin::FilterProxy.Filters.Quota;
using Xunit;

namespace FilterProxy.Filters.Tests.Tenant;

/// <summary>Quotas and rates that tenants have for themselves.</summary>
public sealed class TenantQuotaTests
{
    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task What_one_tenant_uses_up_no_other_lacks_whatever_clients_say_whose_they_are(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            http: { filters: [ { tenant: { tenants: { acme: { hosts: [acme.test] }, bolt: { hosts: [bolt.test] } } } } ] }
            routes:
              - { name: month, match: { path: /month/* }, filters: [ { quota: { limit: 2, key: "%DYNAMIC_METADATA(tenant:name)%", missing: shared } } ], cluster: all }
              - { name: rate, match: { path: /rate/* }, filters: [ { rate_limit: { limits: [ { name: tenants, rate: 2, per: 1h, key: "%DYNAMIC_METADATA(tenant:name)%", missing: shared } ] } } ], cluster: all }
            clusters: { all: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """,
            transport,
            typeof(TenantFilter),
            typeof(QuotaFilter),
            typeof(RateLimitFilter));
        await using var client = await proxy.ConnectAsync();
        foreach (var path in new[] { "/month/x", "/rate/x" })
        {
            // acme's, though they say bolt.
            Assert.Equal((path, 200, 200, 429), (path, await AskAsync(path, "acme.test"), await AskAsync(path, "acme.test"), await AskAsync(path, "ACME.test")));
            Assert.Equal((path, 200, 200, 429), (path, await AskAsync(path, "bolt.test"), await AskAsync(path, "bolt.test"), await AskAsync(path, "bolt.test")));
        }

        async Task<int> AskAsync(string path, string host) =>
            (await client.RoundTripAsync($"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Tenant: bolt\r\n\r\n")).Status;
    }
}
