using System.Text;
using FilterProxy.Filters.Acme.Challenges;
using FilterProxy.Filters.Acme.Store;

namespace FilterProxy.Filters.Acme;

/// <summary>
/// Answers the CA's requests of http-01 (RFC 8555 section 8.3) for the certificates of <c>acme</c> sources. Stands in <c>http.filters</c>, so that
/// no route, redirect or login comes before it. A token nobody here knows goes on to the routes: an upstream may have asked.
/// </summary>
[Component("acme_challenge")]
public sealed class AcmeChallengeFilter(ComponentContext context) : IRequestFilter
{
    private readonly ChallengeBoard _board = context.Shared<ChallengeBoard>();

    private static ReadOnlySpan<byte> Folder => "/.well-known/acme-challenge/"u8;

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (!exchange.Request.Path.StartsWith(Folder) || !(exchange.Request.Method.SequenceEqual("GET"u8) || exchange.Request.Method.SequenceEqual("HEAD"u8)))
        {
            return new(FilterStatus.Continue);
        }

        var token = Encoding.Latin1.GetString(exchange.Request.Path[Folder.Length..]);
        if (!CertificateStore.IsToken(token))
        {
            return new(FilterStatus.Continue);
        }

        return _board.MustLook(token) ? LookAsync(exchange, token) : new(Answer(exchange, _board.FindHttp(token)));
    }

    private async ValueTask<FilterStatus> LookAsync(HttpExchange exchange, string token) =>
        Answer(exchange, await Task.Run(() => _board.FindHttp(token)));

    private static FilterStatus Answer(HttpExchange exchange, string? authorization)
    {
        if (authorization is null)
        {
            return FilterStatus.Continue;
        }

        exchange.Reply(200, "acme_challenge", Encoding.ASCII.GetBytes(authorization), "application/octet-stream");
        return FilterStatus.Stop;
    }
}
