using FilterProxy.Filters.Acme;
using FilterProxy.Filters.Acme.Challenges;
using FilterProxy.Filters.Acme.Store;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Acme;

public sealed class AcmeChallengeFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();
    private readonly ScratchFolder _folder = new();

    public AcmeChallengeFilterTests() => Board.ShowHttp("token-1_A", "token-1_A.thumb");

    private ChallengeBoard Board => _context.Shared<ChallengeBoard>();

    public void Dispose()
    {
        _context.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task A_proof_that_is_shown_is_the_answer(string method)
    {
        using var exchange = TestExchange.Create(method, "/.well-known/acme-challenge/token-1_A");

        var run = await exchange.RunAsync(new AcmeChallengeFilter(_context));

        Assert.Equal((FilterStatus.Stop, 200, "acme_challenge"), (run.Status, exchange.Status, exchange.Reason));
        Assert.Equal("token-1_A.thumb", exchange.BodyText);
        Assert.Equal("application/octet-stream", exchange.Response.Headers["content-type"]);
    }

    [Theory]
    [InlineData("GET", "/.well-known/acme-challenge/other")]
    [InlineData("GET", "/.well-known/acme-challenge/")]
    [InlineData("GET", "/.well-known/acme-challenge/token-1_A/")]
    [InlineData("GET", "/.well-known/acme-challenge/..%2ftoken-1_A")]
    [InlineData("GET", "/x/.well-known/acme-challenge/token-1_A")]
    [InlineData("POST", "/.well-known/acme-challenge/token-1_A")]
    public async Task Anything_else_goes_on(string method, string target)
    {
        using var exchange = TestExchange.Create(method, target);

        var run = await exchange.RunAsync(new AcmeChallengeFilter(_context));

        Assert.NotEqual(FilterStatus.Stop, run.Status);
    }

    [Fact]
    public async Task A_proof_of_another_process_is_found_in_the_store_and_only_there()
    {
        var store = new CertificateStore(_folder["store"]);
        store.Create();
        Board.Share(store);
        store.WriteChallenge("shared", "shared.thumb");
        File.WriteAllText(_folder["secret"], "secret");
        using var exchange = TestExchange.Get("/.well-known/acme-challenge/shared");
        using var outside = TestExchange.Get("/.well-known/acme-challenge/../../secret");

        await exchange.RunAsync(new AcmeChallengeFilter(_context));
        var run = await outside.RunAsync(new AcmeChallengeFilter(_context));

        Assert.Equal("shared.thumb", exchange.BodyText);
        Assert.NotEqual(FilterStatus.Stop, run.Status);
        store.RemoveChallenge("shared");
        Assert.Null(Board.FindHttp("shared"));
    }
}
