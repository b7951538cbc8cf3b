namespace FilterProxy.Filters.Resp;

/// <summary>What is said on a new connection before anything else: version, user and database.</summary>
internal static class RespLogin
{
    /// <summary>Null when the connection is ready; else what is wrong, without any secret.</summary>
    public static async Task<string?> RunAsync(RespConnection connection, RedisOptions options)
    {
        if (options.Protocol != RespProtocol.Resp2)
        {
            var hello = await connection.SendAsync(Hello(options));
            if (hello.IsDone)
            {
                return await SelectAsync(connection, options);
            }

            // Servers before 6 do not know the command; one that knows it and refuses (a wrong password) means it.
            var isUnknown = hello.Value.IsErrorOf("ERR"u8) || hello.Value.IsErrorOf("NOPROTO"u8);
            if (options.Protocol == RespProtocol.Resp3 || !isUnknown)
            {
                return hello.Problem;
            }
        }

        if (options.Password is { } password)
        {
            var auth = await connection.SendAsync(options.User is { } user ? RespCommand.Of("AUTH", user, password) : RespCommand.Of("AUTH", password));
            if (!auth.IsDone)
            {
                return auth.Problem;
            }
        }

        // Also finds a server out that accepts connections and says nothing, and one that wants a password.
        var ping = await connection.SendAsync(RespCommand.Of("PING"));
        return ping.IsDone ? await SelectAsync(connection, options) : ping.Problem;
    }

    private static RespCommand Hello(RedisOptions options) =>
        options.Password is { } password ? RespCommand.Of("HELLO", "3", "AUTH", options.User ?? "default", password) : RespCommand.Of("HELLO", "3");

    private static async Task<string?> SelectAsync(RespConnection connection, RedisOptions options)
    {
        if (options.Database == 0)
        {
            return null;
        }

        var select = await connection.SendAsync(new RespCommand(2).Add("SELECT"u8).Add(options.Database));
        return select.IsDone ? null : select.Problem;
    }
}
