using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.ReverseTunnel.Work;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>What byte streams of services are kept to.</summary>
public abstract record ServiceStreamOptions : IValidatableObject
{
    /// <summary>How long a byte stream may carry nothing; `off` for no limit.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long an agent may take to reach its service.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How byte streams travel: each on a work connection of its own (`work`), as HTTP/2 streams (`h2`), or `auto`: the first where one is idle.</summary>
    public TunnelTransport Transport { get; init; }

    /// <inheritdoc/>
    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (IdleTimeout < TimeSpan.Zero || IdleTimeout > TimeSpan.FromDays(365))
        {
            yield return new("must be at most 365d, or off", [nameof(IdleTimeout)]);
        }

        if (ConnectTimeout < TimeSpan.FromMilliseconds(10) || ConnectTimeout > TimeSpan.FromHours(1))
        {
            yield return new("must be between 10ms and 1h", [nameof(ConnectTimeout)]);
        }
    }
}
