using System.Reflection;
using System.Security.Claims;
using FilterProxy.Filters.JwtAuth;
using FilterProxy.Filters.Tests.Jose;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.JwtAuth;

public sealed class BearerTests : IDisposable
{
    private readonly TestComponentContext _context = new();
    private readonly TokenMaker _maker = new();
    private readonly string _file = Path.GetTempFileName();

    public void Dispose()
    {
        _context.Dispose();
        _maker.Dispose();
        File.Delete(_file);
    }

    [Fact]
    public async Task A_bearer_answers_every_question_out_of_the_token()
    {
        var user = await UserAsync();

        Assert.Equal("ada", user.Identity!.Name);
        Assert.True(user.Identity.IsAuthenticated);
        Assert.True(user.IsInRole("admin"));
        Assert.True(user.HasClaim("roles", "dev"));
        Assert.True(user.HasClaim(claim => claim.Value == "dev"));
        Assert.Equal("ada", user.FindFirst("sub")!.Value);
        Assert.Equal("admin", user.FindFirst(claim => claim.Type == "roles")!.Value);
        Assert.Equal(2, user.FindAll("roles").Count());
        Assert.Equal(2, user.FindAll(claim => claim.Type == "roles").Count());
        Assert.Contains(user.Claims, claim => claim.Value == "ada");
        Assert.Same(user.Identity, Assert.Single(user.Identities));
    }

    [Fact]
    public async Task Copies_of_a_bearer_nobody_asked_yet_have_its_claims()
    {
        Assert.True((await UserAsync()).Clone().IsInRole("admin"));
        Assert.True(new ClaimsPrincipal(await UserAsync()).IsInRole("admin"));
        Assert.True(new ClaimsPrincipal((await UserAsync()).Identities).IsInRole("admin"));
    }

    [Fact]
    public async Task What_a_filter_adds_to_a_bearer_stays()
    {
        var user = await UserAsync();
        user.AddIdentity(new ClaimsIdentity([new Claim("tenant", "blue")]));

        Assert.True(user.HasClaim("tenant", "blue"));
        Assert.True(user.IsInRole("admin"));
    }

    // One that were left out would answer as if nobody were there.
    [Fact]
    public async Task No_question_is_left_to_the_class_below()
    {
        var type = (await UserAsync()).GetType();
        var left = typeof(ClaimsPrincipal).GetMethods(BindingFlags.Public | BindingFlags.Instance)
            .Where(method => method is { IsVirtual: true, IsFinal: false } && method.DeclaringType == typeof(ClaimsPrincipal))
            .Where(method => type.GetMethod(method.Name, [.. method.GetParameters().Select(p => p.ParameterType)])!.DeclaringType == typeof(ClaimsPrincipal))
            .Select(method => method.Name);

        Assert.Empty(left);
    }

    private async Task<ClaimsPrincipal> UserAsync()
    {
        await File.WriteAllTextAsync(_file, _maker.Jwks);
        await using var filter = new JwtAuthFilter(new JwtAuthOptions { Issuers = [new() { Issuer = "https://login.test", JwksFile = _file }] }, _context);
        using var exchange = TestExchange.Get("/").WithHeader("Authorization", "Bearer " + _maker.Sign(new { iss = "https://login.test", sub = "ada", roles = (string[])["admin", "dev"] }));
        Assert.Equal(FilterStatus.Continue, await filter.OnRequestAsync(exchange));
        return exchange.User!;
    }
}
