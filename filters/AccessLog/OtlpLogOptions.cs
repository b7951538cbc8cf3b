using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.AccessLog;

/// <summary>A receiver of OpenTelemetry logs, over HTTP with protobuf.</summary>
public sealed record OtlpLogOptions : IValidatableObject
{
    /// <summary>The receiver, e.g. <c>http://127.0.0.1:4318</c>; lines go to <c>/v1/logs</c> there.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Header fields sent along, such as a token.</summary>
    [Secret]
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>What the receiver calls this proxy.</summary>
    public string ServiceName { get; init; } = "filterproxy";

    /// <summary>How long the receiver may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Endpoint.Scheme is not ("http" or "https") || Endpoint.UserInfo.Length > 0)
        {
            yield return new ValidationResult("endpoint must be an http or https URL without a user; credentials go to headers", [nameof(Endpoint)]);
        }

        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromMinutes(5))
        {
            yield return new ValidationResult("timeout must be between 100ms and 5m", [nameof(Timeout)]);
        }
    }
}
