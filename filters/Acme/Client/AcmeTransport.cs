using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace FilterProxy.Filters.Acme.Client;

/// <summary>HTTP to the CA: trust, limits, nonces, and answers read whole.</summary>
internal sealed partial class AcmeTransport : IDisposable
{
    private const int LargestAnswer = 1 << 20;
    private const int MostNonces = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly Queue<string> _nonces = new();

    public AcmeTransport(X509Certificate2Collection? trust, TimeProvider time)
    {
        _time = time;
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        if (trust is not null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(trust);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }

        _http = new HttpClient(handler) { Timeout = Patience, MaxResponseContentBufferSize = LargestAnswer };

        // RFC 8555 §6.1: clients must say who they are.
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("FilterProxy", typeof(AcmeTransport).Assembly.GetName().Version?.ToString(3)));
    }

    /// <exception cref="AcmeException">There was no answer.</exception>
    public Task<AcmeResponse> GetAsync(Uri url, CancellationToken stop) => SendAsync(() => new HttpRequestMessage(HttpMethod.Get, url), stop);

    /// <summary>Sends a signed request.</summary>
    public Task<AcmeResponse> PostAsync(Uri url, string signed, string accept, CancellationToken stop) => SendAsync(
        () =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(signed) };

            // Exactly so: the CA refuses the type with a charset.
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/jose+json");
            request.Headers.Accept.ParseAdd(accept);
            return request;
        },
        stop);

    /// <summary>A nonce nobody used, from an earlier answer or a request of its own.</summary>
    public async Task<string> TakeNonceAsync(Uri newNonce, CancellationToken stop)
    {
        if (_nonces.TryDequeue(out var kept))
        {
            return kept;
        }

        var answer = await SendAsync(() => new HttpRequestMessage(HttpMethod.Head, newNonce), stop);
        return _nonces.TryDequeue(out var nonce) ? nonce
            : throw (answer.IsSuccess ? new AcmeException("The CA gave no nonce.") : answer.ToException());
    }

    public void Dispose() => _http.Dispose();

    private async Task<AcmeResponse> SendAsync(Func<HttpRequestMessage> create, CancellationToken stop)
    {
        try
        {
            using var request = create();
            using var response = await _http.SendAsync(request, stop);
            var body = await response.Content.ReadAsStringAsync(stop);
            if (response.Headers.TryGetValues("Replay-Nonce", out var nonces) && nonces.FirstOrDefault() is { Length: > 0 } nonce && _nonces.Count < MostNonces)
            {
                _nonces.Enqueue(nonce);
            }

            return new AcmeResponse(response.StatusCode, response.Headers.Location, RetryAfterOf(response), AlternatesOf(response), body);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            var reason = e is OperationCanceledException ? $"no answer within {Patience.TotalSeconds:0} s" : (e.InnerException ?? e).Message;
            throw new AcmeException($"The CA could not be reached: {reason}", isTransport: true, inner: e);
        }
    }

    private TimeSpan? RetryAfterOf(HttpResponseMessage response)
    {
        var wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - _time.GetUtcNow(),
            _ => (TimeSpan?)null,
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static List<Uri> AlternatesOf(HttpResponseMessage response)
    {
        var found = new List<Uri>();
        if (response.Headers.TryGetValues("Link", out var links))
        {
            foreach (var match in links.SelectMany(l => Alternate().Matches(l)))
            {
                if (Uri.TryCreate(response.RequestMessage!.RequestUri, match.Groups[1].Value, out var url))
                {
                    found.Add(url);
                }
            }
        }

        return found;
    }

    [GeneratedRegex("""<([^<>]*)>\s*;\s*rel="?alternate"?""", RegexOptions.IgnoreCase)]
    private static partial Regex Alternate();
}
