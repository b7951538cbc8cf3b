using System.Net;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>What an agent says to a <see cref="PathOffer"/>.</summary>
/// <param name="Refusal">Why it does not look for a direct way; null where it does.</param>
/// <param name="Random">What it has drawn for the keys, <see cref="PunchKeys.RandomLength"/> bytes; empty where it does not.</param>
/// <param name="Candidates">Where it may be reached.</param>
internal sealed record PathAnswer(string? Refusal, byte[] Random, IReadOnlyList<IPEndPoint> Candidates)
{
    public static PathAnswer No(string why) => new(why, [], []);
}
