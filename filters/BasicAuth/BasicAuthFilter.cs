using System.Text;

namespace FilterProxy.Filters.BasicAuth;

/// <summary>
/// Lets in who knows a password (RFC 7617). Deriving a key from a password is slow by intent: it is done off the event loop, a few at a time, and
/// not again for a while after a password was right.
/// </summary>
[Component("basic_auth")]
public sealed class BasicAuthFilter : IRequestFilter, IDisposable
{
    private const string TextType = "text/plain; charset=utf-8";

    private readonly BasicAuthOptions _options;
    private readonly UserTable _users;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _places;
    private readonly byte[] _challenge;
    private readonly byte[] _userHeader;
    private int _waiting;

    /// <summary>Reads the users.</summary>
    /// <exception cref="ArgumentException">A user's hash is none.</exception>
    public BasicAuthFilter(BasicAuthOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _time = context.Time;
        _places = new SemaphoreSlim(options.Parallel);
        _users = new UserTable(options.Users.Select(user => (user.Key, user.Value, "users"))
            .Concat(options.UsersFile is { } file ? UserTable.Read(context.UseFile(file)) : []));
        _challenge = Encoding.ASCII.GetBytes($"Basic realm=\"{options.Realm}\", charset=\"UTF-8\"");
        _userHeader = Encoding.ASCII.GetBytes(options.UserHeader);
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        Span<byte> buffer = stackalloc byte[Credentials.Longest];
        if (!exchange.Request.Headers.TryGet(KnownHeader.Authorization, out var field) || !Credentials.TryRead(field, buffer, out var name, out var password))
        {
            return new(Refuse(exchange, "basic_auth_required"));
        }

        var user = _users.Find(name);
        return user is not null && user.IsRemembered(password, _time.GetTimestamp())
            ? new(Admit(exchange, user))
            : VerifyAsync(exchange, user, password.ToArray());
    }

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    private async ValueTask<FilterStatus> VerifyAsync(HttpExchange exchange, User? user, byte[] password)
    {
        if (Interlocked.Increment(ref _waiting) > _options.Parallel + _options.Queue)
        {
            Interlocked.Decrement(ref _waiting);
            exchange.Reply(503, "basic_auth_busy", "Busy (basic_auth_busy)\n"u8.ToArray(), TextType);
            exchange.Response.Headers.Set(KnownHeader.RetryAfter, "1"u8);
            return FilterStatus.Stop;
        }

        bool isRight;
        try
        {
            await _places.WaitAsync(exchange.Aborted);
            try
            {
                // A page asks for many things at once: the first has found out for the others that waited here.
                isRight = (user is not null && user.IsRemembered(password, _time.GetTimestamp()))
                    || (await Task.Run(() => (user ?? _users.Nobody).Hash.Verify(password)) && user is not null);
            }
            finally
            {
                _places.Release();
            }
        }
        catch (OperationCanceledException)
        {
            exchange.Abort("client_closed");
            return FilterStatus.Stop;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        if (!isRight)
        {
            return Refuse(exchange, "basic_auth_denied");
        }

        if (_options.Remember > TimeSpan.Zero)
        {
            user!.Remember(password, _time.GetTimestamp() + (long)(_options.Remember.TotalSeconds * _time.TimestampFrequency));
        }

        return Admit(exchange, user!);
    }

    private FilterStatus Admit(HttpExchange exchange, User user)
    {
        exchange.User = user.Principal;
        var headers = exchange.Request.Headers;
        if (!_options.Forward)
        {
            headers.Remove(KnownHeader.Authorization);
        }

        if (_userHeader.Length > 0)
        {
            headers.Set(_userHeader, user.Name);
        }

        return FilterStatus.Continue;
    }

    private FilterStatus Refuse(HttpExchange exchange, string reason)
    {
        exchange.Reply(401, reason, "Unauthorized\n"u8.ToArray(), TextType);
        exchange.Response.Headers.Set(KnownHeader.WWWAuthenticate, _challenge);
        return FilterStatus.Stop;
    }
}
