using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.ReverseTunnel.Stun;

/// <summary>Options of <see cref="StunService"/>.</summary>
public sealed record StunOptions
{
    /// <summary>Requests per second from one address that are answered; 0 for no limit.</summary>
    [Range(0, 1_000_000, ErrorMessage = "must be between 0 and 1000000")]
    public int ClientRate { get; init; } = 50;
}
