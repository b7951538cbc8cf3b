namespace FilterProxy.Filters.Datagrams;

/// <summary>What the sessions of a socket are kept to.</summary>
/// <param name="IdleTimeout">A session on which nothing goes either way for this long ends.</param>
/// <param name="Most">Sessions at a time.</param>
/// <param name="MostPerAddress">Those of one address; 0 for no limit.</param>
/// <param name="Rate">Datagrams per second from one address; 0 for no limit.</param>
internal sealed record SessionLimits(TimeSpan IdleTimeout, int Most, int MostPerAddress, int Rate);
