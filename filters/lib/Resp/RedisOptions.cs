using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Resp;

/// <summary>Where redis is and how it is asked.</summary>
public sealed record RedisOptions : IValidatableObject
{
    /// <summary>
    /// The cluster its servers are endpoints of; TLS is that cluster's. Of a redis cluster every node must be an endpoint, by the address it
    /// announces: redirects to others are not followed.
    /// </summary>
    [Required(ErrorMessage = "cluster must not be empty")]
    public string Cluster { get; init; } = "";

    /// <summary>Who logs in. Default: redis' own `default` user.</summary>
    public string? User { get; init; }

    /// <summary>The password. Default: nobody logs in.</summary>
    [Secret]
    public string? Password { get; init; }

    /// <summary>The database, 0 to 1048576. A redis cluster has 0 alone. Default: 0.</summary>
    [Range(0, 1 << 20, ErrorMessage = "must be between 0 and 1048576")]
    public int Database { get; init; }

    /// <summary>The protocol: `auto`, `resp2` or `resp3`. Default: auto.</summary>
    public RespProtocol Protocol { get; init; } = RespProtocol.Auto;

    /// <summary>Duration an answer may take; a connection that is later is closed. At least 1ms. Default: 500ms.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Duration connecting and logging in may take together. At least 1ms. Default: 2s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest wait between two tries to connect; it begins at 100ms and doubles. Default: 5s.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Commands that may wait for their answers on one connection; what is over fails at once. 1 to 1000000. Default: 10000.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int MaxPending { get; init; } = 10_000;

    /// <summary>The largest answer that is taken; a larger one closes the connection. Default: 4 MiB.</summary>
    public ByteSize MaxReply { get; init; } = ByteSize.FromMiB(4);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (User is not null && Password is null)
        {
            yield return new("a user needs a password", [nameof(User)]);
        }

        foreach (var (duration, name) in ((TimeSpan, string)[])[(Timeout, nameof(Timeout)), (ConnectTimeout, nameof(ConnectTimeout)), (MaxBackoff, nameof(MaxBackoff))])
        {
            if (duration < TimeSpan.FromMilliseconds(1) || duration > TimeSpan.FromHours(1))
            {
                yield return new("must be between 1ms and 1h", [name]);
            }
        }

        if (MaxReply.Bytes is < 1024 or > 512 << 20)
        {
            yield return new("must be between 1 KiB and 512 MiB", [nameof(MaxReply)]);
        }
    }
}
