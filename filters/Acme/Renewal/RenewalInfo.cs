using System.Globalization;
using System.Text.Json.Nodes;
using FilterProxy.Filters.Acme.Client;
using FilterProxy.Filters.Acme.Store;

namespace FilterProxy.Filters.Acme.Renewal;

/// <summary>Asks the CA when it would like a certificate to be renewed (RFC 9773), and when to ask again.</summary>
internal sealed class RenewalInfo(TimeProvider time)
{
    private static readonly TimeSpan Usual = TimeSpan.FromHours(6);
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);
    private string? _about;

    /// <summary>The last window the CA named for the certificate at hand; null for none.</summary>
    public SuggestedWindow? Window { get; private set; }

    /// <summary>When to ask again.</summary>
    public DateTimeOffset Next { get; private set; } = DateTimeOffset.MinValue;

    /// <summary>Whether it is time to ask about a certificate.</summary>
    public bool IsDue(IssuedCertificate certificate) => certificate.RenewalId is { } id && (id != _about || time.GetUtcNow() >= Next);

    /// <summary>Asks. A CA that does not answer, or not to the point, is asked again later: its wish is no condition.</summary>
    public async Task AskAsync(AcmeTransport transport, Uri directory, IssuedCertificate certificate, CancellationToken stop)
    {
        if (certificate.RenewalId is not { } id)
        {
            return;
        }

        if (id != _about)
        {
            (_about, Window) = (id, null);
        }

        Next = time.GetUtcNow() + Usual;
        try
        {
            var found = await transport.GetAsync(directory, stop);
            if (found.IsSuccess && found.Json.UrlOrNull("renewalInfo") is { } root)
            {
                var answer = await transport.GetAsync(new Uri($"{root.AbsoluteUri.TrimEnd('/')}/{id}"), stop);
                var wait = answer.RetryAfter ?? Usual;
                Next = time.GetUtcNow() + (wait < Shortest ? Shortest : wait > Longest ? Longest : wait);
                Window = answer.IsSuccess && answer.Json["suggestedWindow"] is JsonObject window ? Read(window) : Window;
            }
        }
        catch (AcmeException)
        {
            // Next says when.
        }
    }

    private static SuggestedWindow? Read(JsonObject json) =>
        Parse(json.Text("start")) is { } start && Parse(json.Text("end")) is { } end && end > start ? new SuggestedWindow(start, end) : null;

    private static DateTimeOffset? Parse(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var value) ? value : null;
}
