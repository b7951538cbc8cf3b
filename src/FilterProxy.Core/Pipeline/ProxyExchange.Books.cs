using FilterProxy.Core.Telemetry.Metrics;

namespace FilterProxy.Core.Pipeline;

/// <summary>What is kept about an exchange for those who watch the proxy: counts.</summary>
internal abstract partial class ProxyExchange
{
    /// <summary>Where it is counted as under way; null where it is not.</summary>
    public Cells? CountedIn { get; set; }

    /// <summary>The exchange begins.</summary>
    public void OpenBooks() => Services.Metrics?.Begin(this);

    /// <summary>An attempt has its response head, or has failed.</summary>
    public void NoteAttempt() => Services.Metrics?.RecordAttempt(this);

    /// <summary>The exchange is over, and its <see cref="HttpExchange.Stats"/> are complete.</summary>
    private void CloseBooks() => Services.Metrics?.End(this);
}
