using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>Bytes per second that a service may carry at a server.</summary>
public sealed record TunnelRateOptions : IValidatableObject
{
    /// <summary>From all its clients together; null for no limit.</summary>
    public ByteSize? Upload { get; init; }

    /// <summary>To all its clients together; null for no limit.</summary>
    public ByteSize? Download { get; init; }

    /// <summary>From each client's address; null for no limit.</summary>
    public ByteSize? VisitorUpload { get; init; }

    /// <summary>To each client's address; null for no limit.</summary>
    public ByteSize? VisitorDownload { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, rate) in new[]
        {
            (nameof(Upload), Upload), (nameof(Download), Download), (nameof(VisitorUpload), VisitorUpload), (nameof(VisitorDownload), VisitorDownload),
        })
        {
            if (rate is { Bytes: < 1024 })
            {
                yield return new("must be at least 1KiB per second", [name]);
            }
        }
    }
}
