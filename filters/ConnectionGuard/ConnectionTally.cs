namespace FilterProxy.Filters.ConnectionGuard;

/// <summary>Connections open now, in all and by client. A client is forgotten with its last.</summary>
internal sealed class ConnectionTally
{
    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, int> _clients = [];
    private int _all;

    /// <summary>Counts one more, unless that is over a limit; <see cref="Leave"/> follows.</summary>
    public bool TryEnter(UInt128 client, int max, int perClient)
    {
        lock (_lock)
        {
            var own = _clients.GetValueOrDefault(client);
            if ((max > 0 && _all >= max) || (perClient > 0 && own >= perClient))
            {
                return false;
            }

            _all++;
            _clients[client] = own + 1;
            return true;
        }
    }

    public void Leave(UInt128 client)
    {
        lock (_lock)
        {
            _all--;
            if (_clients[client] == 1)
            {
                _clients.Remove(client);
            }
            else
            {
                _clients[client]--;
            }
        }
    }
}
