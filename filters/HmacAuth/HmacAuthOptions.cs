using System.ComponentModel.DataAnnotations;
using System.Text;

namespace FilterProxy.Filters.HmacAuth;

/// <summary>Options of <see cref="HmacAuthFilter"/>.</summary>
public sealed record HmacAuthOptions : IValidatableObject
{
    /// <summary>The secrets.</summary>
    public IReadOnlyList<HmacKeyOptions> Keys { get; init; } = [];

    /// <summary>How far the time of a signature and ours may be apart, either way. Default: 5m.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Signatures that are remembered so that none is taken twice; with more in twice the window, requests are refused with 503. Default: 100000.</summary>
    [Range(1, 10_000_000, ErrorMessage = "must be between 1 and 10000000")]
    public int Remember { get; init; } = 100_000;

    /// <summary>Headers every signature must cover, besides method, host, target and body.</summary>
    public IReadOnlyList<string> SignedHeaders { get; init; } = [];

    /// <summary>The longest body: it is received whole before the request goes on. Default: 1MiB.</summary>
    public ByteSize MaxBody { get; init; } = ByteSize.FromMiB(1);

    /// <summary>Whether the upstream gets the signature too. Default: false.</summary>
    public bool Forward { get; init; }

    /// <summary>Request header that tells the upstream the owner; empty tells nothing. What clients send there is taken away. Default: x-api-owner.</summary>
    public string OwnerHeader { get; init; } = "x-api-owner";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Keys.Count == 0)
        {
            yield return new("keys are missing", [nameof(Keys)]);
        }

        if (Keys.GroupBy(key => key.Id).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            yield return new($"the key '{twice.Key}' is there twice", [nameof(Keys)]);
        }

        if (Window < TimeSpan.FromSeconds(1) || Window > TimeSpan.FromHours(24))
        {
            yield return new("must be between 1s and 24h", [nameof(Window)]);
        }

        foreach (var name in SignedHeaders.Append(OwnerHeader).Where(name => name.Length > 0 && !HeaderName.IsToken(Encoding.UTF8.GetBytes(name))))
        {
            yield return new($"'{name}' is no header name", [nameof(SignedHeaders)]);
        }
    }
}
