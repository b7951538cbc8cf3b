using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.ReverseTunnel.Stun;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>Whether and how an end of an `xtcp` service looks for a way to the other without a server.</summary>
public record DirectOptions : IValidatableObject
{
    private const int MostServers = 8;

    /// <summary>Whether a direct way is looked for; otherwise all bytes go through the server.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// STUN servers that tell from which address this end is seen, `tunnel.example.com:3478`: without one, only an end in the same network, or one that can be connected to, is reached directly.
    /// The service `stun` of this plugin is one.
    /// </summary>
    public IReadOnlyList<string> Stun { get; init; } = [];

    /// <summary>Whether the other end is told the addresses of this machine as well, by which two in one network find each other.</summary>
    public bool LocalAddresses { get; init; } = true;

    /// <inheritdoc/>
    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Stun.Count > MostServers)
        {
            yield return new($"more than {MostServers}", [nameof(Stun)]);
        }

        foreach (var server in Stun.Where(server => !StunServers.IsOne(server)))
        {
            yield return new($"'{server}' is no server like 'tunnel.example.com:3478'", [nameof(Stun)]);
        }
    }
}
