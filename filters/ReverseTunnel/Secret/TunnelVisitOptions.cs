using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.ReverseTunnel.Punch;

namespace FilterProxy.Filters.ReverseTunnel.Secret;

/// <summary>Options of <see cref="TunnelVisitFilter"/>.</summary>
public sealed record TunnelVisitOptions : VisitOptions
{
    /// <summary>The service's type: `stcp`, or `xtcp`, whose bytes go past the server where a way is found.</summary>
    public TunnelVisitType Type { get; init; }

    /// <summary>How a way past the server is looked for, for `xtcp`.</summary>
    public VisitDirectOptions Direct { get; init; } = new();

    /// <summary>How long a connection may carry nothing; `off` for no limit.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var result in base.Validate(validationContext))
        {
            yield return result;
        }

        if (IdleTimeout < TimeSpan.Zero || IdleTimeout > TimeSpan.FromDays(365))
        {
            yield return new("must be at most 365d, or off", [nameof(IdleTimeout)]);
        }
    }
}
