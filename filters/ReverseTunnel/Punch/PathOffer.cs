using System.Net;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>What a visitor says when it looks for a direct way.</summary>
/// <param name="Timeout">How long it will.</param>
/// <param name="Random">What it has drawn for the keys, <see cref="PunchKeys.RandomLength"/> bytes.</param>
/// <param name="Candidates">Where it may be reached.</param>
internal sealed record PathOffer(TimeSpan Timeout, byte[] Random, IReadOnlyList<IPEndPoint> Candidates);
