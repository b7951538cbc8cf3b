using System.Diagnostics.Metrics;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core;

/// <summary>
/// How long the certificates that listeners serve still hold: a metric for each, and a line in the log when one comes to its end
/// without having been replaced.
/// </summary>
internal sealed class CertificateExpiry : IHeartbeatTarget
{
    private const long Interval = 60_000;

    // A certificate made for a week is not near its end on the first day: a mark holds where it is a third of the lifetime at the most.
    private static readonly TimeSpan[] Marks = [TimeSpan.Zero, TimeSpan.FromDays(1), TimeSpan.FromDays(7), TimeSpan.FromDays(30)];

    private readonly Func<IReadOnlyList<ListenerPlan>> _listeners;
    private readonly Log _log;
    private readonly TimeProvider _time;
    private Dictionary<string, int> _said = [];
    private long _lookAt;
    private int _looking;

    public CertificateExpiry(Func<IReadOnlyList<ListenerPlan>> listeners, Log log, TimeProvider time, Meter meter)
    {
        _listeners = listeners;
        _log = log;
        _time = time;
        meter.CreateObservableGauge(
            "filterproxy.tls.certificate.expiry", Measure, "s", "Seconds until a certificate that is served expires, negative after, by listener, subject and serial.");
    }

    /// <summary>Whether it is not looking right now.</summary>
    public bool IsIdle => Volatile.Read(ref _looking) == 0;

    /// <summary>Looks at the next beat: the certificates may be others now.</summary>
    public void Refresh() => Volatile.Write(ref _lookAt, 0);

    public void OnHeartbeat(long now)
    {
        if (now >= Volatile.Read(ref _lookAt) && Interlocked.Exchange(ref _looking, 1) == 0)
        {
            Volatile.Write(ref _lookAt, now + Interval);
            ThreadPool.UnsafeQueueUserWorkItem(static self => self.Look(), this, preferLocal: false);
        }
    }

    private void Look()
    {
        try
        {
            var now = _time.GetUtcNow();
            var said = new Dictionary<string, int>();
            foreach (var (listener, certificate) in All())
            {
                var left = certificate.NotAfter.ToUniversalTime() - now;
                var lifetime = certificate.NotAfter - certificate.NotBefore;
                var mark = Array.FindIndex(Marks, m => left <= m && m <= lifetime / 3);
                var key = $"{listener} {certificate.Thumbprint}";
                if (mark < 0)
                {
                    continue;
                }

                said[key] = mark;
                if (!_said.TryGetValue(key, out var before) || mark < before)
                {
                    _log.CertificateExpires(listener, certificate.Subject, certificate.SerialNumber, certificate.NotAfter.ToUniversalTime(), isOver: mark == 0);
                }
            }

            _said = said;
        }
        finally
        {
            Volatile.Write(ref _looking, 0);
        }
    }

    private IEnumerable<Measurement<double>> Measure()
    {
        var now = _time.GetUtcNow();
        return All().Select(c => new Measurement<double>(
            Math.Round((c.Certificate.NotAfter.ToUniversalTime() - now).TotalSeconds),
            new KeyValuePair<string, object?>("listener", c.Listener),
            new("subject", c.Certificate.Subject),
            new("serial", c.Certificate.SerialNumber)));
    }

    private List<(string Listener, X509Certificate2 Certificate)> All()
    {
        var all = new List<(string, X509Certificate2)>();
        foreach (var listener in _listeners())
        {
            foreach (var source in listener.Tls?.Sources ?? [])
            {
                try
                {
                    all.AddRange(source.Certificates.Select(certificate => (listener.Name, certificate)));
                }
                catch (Exception e)
                {
                    // A source may be anybody's code.
                    _log.CertificateSourceFailed(e, listener.Name, "*", 0);
                }
            }
        }

        return all;
    }
}
