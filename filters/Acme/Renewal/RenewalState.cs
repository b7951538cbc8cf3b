using System.Diagnostics.Metrics;
using FilterProxy.Filters.Acme.Store;

namespace FilterProxy.Filters.Acme.Renewal;

/// <summary>How it stands with one certificate: written by its renewer, read by handshakes and metrics.</summary>
internal sealed class RenewalState(Counter<long> attempts, string name)
{
    private volatile IssuedCertificate? _current;
    private volatile string _lastError = "";
    private long _nextRenewal, _notBefore;

    /// <summary>What is served; null before the first.</summary>
    public IssuedCertificate? Current
    {
        get => _current;
        set => _current = value;
    }

    /// <summary>What went wrong last; empty since the last success.</summary>
    public string LastError
    {
        get => _lastError;
        set => _lastError = value;
    }

    /// <summary>When the certificate in use is to be renewed.</summary>
    public DateTimeOffset NextRenewal
    {
        get => new(Volatile.Read(ref _nextRenewal), TimeSpan.Zero);
        set => Volatile.Write(ref _nextRenewal, value.UtcTicks);
    }

    /// <summary>The CA is left alone until then.</summary>
    public DateTimeOffset NotBefore
    {
        get => new(Volatile.Read(ref _notBefore), TimeSpan.Zero);
        set => Volatile.Write(ref _notBefore, value.UtcTicks);
    }

    /// <summary>The first of its names.</summary>
    public string Name => name;

    public void Count(string outcome) => attempts.Add(
        1, new KeyValuePair<string, object?>("name", name), new KeyValuePair<string, object?>("outcome", outcome));
}
