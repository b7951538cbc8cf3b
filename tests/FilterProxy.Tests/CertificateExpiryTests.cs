using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.Core;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Security;
using FilterProxy.Core.Telemetry;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests;

public sealed class CertificateExpiryTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly LogBook _log = new();
    private readonly Meter _meter = new("FilterProxy.Test");

    [Fact]
    public async Task Each_mark_is_said_once_and_the_end_as_an_error()
    {
        var expiry = Watch(TimeSpan.FromDays(-300), TimeSpan.FromDays(65));
        await LookAsync(expiry, TimeSpan.FromDays(30), 0);

        await LookAsync(expiry, TimeSpan.FromDays(6), 1);
        await LookAsync(expiry, TimeSpan.FromDays(5), 1);
        await LookAsync(expiry, TimeSpan.FromDays(18), 2);
        await LookAsync(expiry, TimeSpan.FromDays(5.5), 3);
        await LookAsync(expiry, TimeSpan.FromDays(1), 4);
        await LookAsync(expiry, TimeSpan.FromDays(10), 4);

        Assert.Equal(["Warning", "Warning", "Warning", "Error"], _log.Lines.Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)]));
        Assert.Contains("the certificate of 'CN=site.example'", _log.Lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_made_for_days_is_not_warned_of_from_its_first_on()
    {
        var expiry = Watch(TimeSpan.Zero, TimeSpan.FromDays(6));

        await LookAsync(expiry, TimeSpan.FromDays(1), 0);
        await LookAsync(expiry, TimeSpan.FromDays(3), 0);
        await LookAsync(expiry, TimeSpan.FromDays(1.5), 1);
    }

    [Fact]
    public void The_metric_counts_down_and_goes_on_below_zero()
    {
        _ = Watch(TimeSpan.Zero, TimeSpan.FromDays(2));
        var seconds = new List<double>();
        var tags = new List<string>();
        using var listener = new MeterListener { InstrumentPublished = (i, l) => { if (ReferenceEquals(i.Meter, _meter)) { l.EnableMeasurementEvents(i); } } };
        listener.SetMeasurementEventCallback<double>((i, value, all, _) =>
        {
            seconds.Add(value);
            foreach (var tag in all)
            {
                tags.Add($"{i.Name} {tag.Key}={tag.Value}");
            }
        });
        listener.Start();

        listener.RecordObservableInstruments();
        _time.Advance(TimeSpan.FromDays(3));
        listener.RecordObservableInstruments();

        Assert.Equal([2 * 86400d, -86400d], seconds);
        Assert.Contains("filterproxy.tls.certificate.expiry listener=web", tags);
        Assert.Contains("filterproxy.tls.certificate.expiry subject=CN=site.example", tags);
    }

    public void Dispose()
    {
        _meter.Dispose();
        _log.Dispose();
    }

    private CertificateExpiry Watch(TimeSpan begins, TimeSpan ends)
    {
        var now = _time.GetUtcNow();
        var certificate = Certificate(now + begins, now + ends);
        var plan = new ListenerPlan
        {
            Name = "web",
            Address = new IPEndPoint(IPAddress.Loopback, 0),
            Tls = new TlsSelector([new OneCertificate(certificate)], new TlsRules()),
        };
        return new CertificateExpiry(() => [plan], new Log(_log), _time, _meter);
    }

    private static X509Certificate2 Certificate(DateTimeOffset from, DateTimeOffset to)
    {
        using var key = System.Security.Cryptography.ECDsa.Create();
        return new CertificateRequest("CN=site.example", key, System.Security.Cryptography.HashAlgorithmName.SHA256).CreateSelfSigned(from, to);
    }

    private async Task LookAsync(CertificateExpiry expiry, TimeSpan later, int lines)
    {
        _time.Advance(later);
        expiry.Refresh();
        expiry.OnHeartbeat(1);
        await Poll.UntilAsync(() => expiry.IsIdle);
        Assert.Equal(lines, _log.Lines.Count);
    }

    private sealed class OneCertificate(X509Certificate2 certificate) : ICertificateSource
    {
        public IReadOnlyCollection<X509Certificate2> Certificates => [certificate];

        public ValueTask<SslStreamCertificateContext?> FindAsync(string serverName, CancellationToken timeout) => default;
    }
}
