using System.Collections.Concurrent;
using System.Net.Security;
using FilterProxy.Filters.Acme.Store;

namespace FilterProxy.Filters.Acme.Challenges;

/// <summary>
/// The proofs shown at present, for whichever listener the CA asks: what the certificate sources of this process put up and its
/// filters and handshakes read.
/// </summary>
internal sealed class ChallengeBoard
{
    private readonly ConcurrentDictionary<string, string> _http = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SslStreamCertificateContext> _tls = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, CertificateStore> _stores = new(StringComparer.Ordinal);

    /// <summary>The proof for a token of http-01, shown by this process or by another that shares a store with it; null for none.</summary>
    public string? FindHttp(string token)
    {
        if (_http.TryGetValue(token, out var authorization))
        {
            return authorization;
        }

        foreach (var (_, store) in _stores)
        {
            if (store.ReadChallenge(token) is { } shared)
            {
                return shared;
            }
        }

        return null;
    }

    /// <summary>Whether there may be proofs in files, which take a moment to look at.</summary>
    public bool MustLook(string token) => !_http.ContainsKey(token) && !_stores.IsEmpty;

    public void ShowHttp(string token, string authorization) => _http[token] = authorization;

    public void RemoveHttp(string token) => _http.TryRemove(token, out _);

    /// <summary>The certificate that proves a name by tls-alpn-01; null for none.</summary>
    public SslStreamCertificateContext? FindTls(string serverName) => _tls.GetValueOrDefault(serverName);

    public void ShowTls(string name, SslStreamCertificateContext certificate) => _tls[name] = certificate;

    public void RemoveTls(string name) => _tls.TryRemove(name, out _);

    /// <summary>Looks for proofs of other processes in a store from now on.</summary>
    public void Share(CertificateStore store) => _stores.TryAdd(store.Path, store);
}
