using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.Filters.Jose;

/// <summary>HTTP to an identity provider: over a cluster with its balancing and health, or straight to its address.</summary>
internal sealed class ProviderClient : IDisposable
{
    private const int LargestAnswer = 512 * 1024;

    private readonly HttpClient _http;
    private readonly bool _overCluster;

    private ProviderClient(HttpClient http, bool overCluster) => (_http, _overCluster) = (http, overCluster);

    /// <summary>Makes one.</summary>
    /// <param name="context">The component's.</param>
    /// <param name="cluster">The cluster to ask; null to ask the host of each URL.</param>
    /// <param name="ca">A PEM file of the authorities to trust instead of the system's, without a cluster; null for the system's.</param>
    /// <exception cref="ArgumentException">The file holds no certificate.</exception>
    public static ProviderClient Create(ComponentContext context, string? cluster, string? ca = null)
    {
        if (cluster is not null)
        {
            return new ProviderClient(context.CreateHttpClient(cluster), overCluster: true);
        }

        // A redirect would lead where nobody has said that keys or tokens may come from.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        if (ca is not null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(ReadTrust(context.UseFile(ca)));
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }

        return new ProviderClient(new HttpClient(handler), overCluster: false);
    }

    /// <summary>
    /// Whether a URL may be asked: by TLS, or on this very machine. A cluster says itself how its endpoints are reached, so there any may.
    /// </summary>
    public bool Allows(Uri url) => Allows(url, _overCluster);

    /// <inheritdoc cref="Allows(Uri)"/>
    public static bool Allows(Uri url, bool overCluster) =>
        url.IsAbsoluteUri && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && (overCluster || url.IsLoopback)));

    /// <summary>A request to a URL; <see cref="SendAsync"/> sends it.</summary>
    public HttpRequestMessage CreateRequest(HttpMethod method, Uri url)
    {
        // The cluster's connections have their own TLS where it says so: a second layer is not meant.
        var request = new HttpRequestMessage(method, _overCluster ? new Uri("http://" + url.Authority + url.PathAndQuery) : url);
        request.Headers.Host = url.Authority;
        if (_overCluster)
        {
            // The provider makes its addresses of what it was asked by, and was asked by its public name's scheme.
            request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", url.Scheme);
        }

        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "FilterProxy");
        return request;
    }

    /// <summary>Sends a request and reads the answer whole.</summary>
    /// <exception cref="InvalidDataException">The answer is too large.</exception>
    /// <exception cref="HttpRequestException">There is no answer.</exception>
    public async Task<(HttpStatusCode Status, byte[] Body)> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        await using var stream = await response.Content.ReadAsStreamAsync(cancel);
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancel)) > 0)
        {
            if (body.Length + count > LargestAnswer)
            {
                throw new InvalidDataException($"the answer is larger than {LargestAnswer / 1024} KiB");
            }

            body.Write(buffer, 0, count);
        }

        return (response.StatusCode, body.ToArray());
    }

    /// <summary>What stands at a URL.</summary>
    /// <exception cref="InvalidDataException">Nothing does, or too much.</exception>
    /// <exception cref="HttpRequestException">There is no answer.</exception>
    public async Task<byte[]> GetAsync(Uri url, CancellationToken cancel)
    {
        using var request = CreateRequest(HttpMethod.Get, url);
        var (status, body) = await SendAsync(request, cancel);
        return status == HttpStatusCode.OK ? body : throw new InvalidDataException($"{url.GetLeftPart(UriPartial.Path)} answered {(int)status}");
    }

    public void Dispose() => _http.Dispose();

    private static X509Certificate2Collection ReadTrust(string path)
    {
        var trust = new X509Certificate2Collection();
        try
        {
            trust.ImportFromPemFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ArgumentException($"{path}: {e.Message}", e);
        }

        return trust.Count > 0 ? trust : throw new ArgumentException($"{path}: there is no certificate");
    }
}
