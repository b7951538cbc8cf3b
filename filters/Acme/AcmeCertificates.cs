using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.Filters.Acme.Challenges;
using FilterProxy.Filters.Acme.Renewal;
using FilterProxy.Filters.Acme.Store;

namespace FilterProxy.Filters.Acme;

/// <summary>A certificate from a CA that speaks ACME (RFC 8555): got, kept on disk, renewed and swapped while it is served.</summary>
[Component("acme")]
public sealed class AcmeCertificates : ICertificateSource, IStartable, IAsyncDisposable
{
    private readonly AcmeOptions _options;
    private readonly ComponentContext _context;
    private readonly ChallengeBoard _board;
    private readonly CertificateStore _store;
    private readonly RenewalState _state;
    private readonly CancellationTokenSource _stop = new();
    private volatile SslStreamCertificateContext? _placeholder;
    private Task _running = Task.CompletedTask;

    /// <summary>Checks what the options name. Nothing is made or asked of anybody before <see cref="StartAsync"/>.</summary>
    /// <exception cref="ArgumentException">A file is not there, or the store cannot be one.</exception>
    public AcmeCertificates(AcmeOptions options, ComponentContext context)
    {
        _options = options;
        _context = context;
        _board = context.Shared<ChallengeBoard>();
        _store = new CertificateStore(Path.GetFullPath(Path.Combine(context.ConfigDirectory, options.Store)));
        if (File.Exists(_store.Path))
        {
            throw new ArgumentException($"store '{options.Store}' is a file; name a folder");
        }

        if (options.Ca is { } ca)
        {
            CheckTrust(context, ca);
        }

        _state = context.Shared<AcmeMetrics>().Add(context.Meter, options.Names[0]);
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<X509Certificate2> Certificates => _state.Current is { } current ? [current.Leaf] : [];

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken stop)
    {
        try
        {
            _store.Create();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{_context.Place}: store '{_options.Store}' cannot be made: {e.Message}", e);
        }

        _board.Share(_store);
        _context.Shared<AcmeMetrics>().Show(_state);
        var renewer = new Renewer(_options, _store, CreateSolver(), _context, _state);
        renewer.Load();
        if (_options.Placeholder && _state.Current is null)
        {
            _placeholder = SelfSigned.Create(_options.Names[0], _context.Time);
        }

        var linked = CancellationTokenSource.CreateLinkedTokenSource(stop, _stop.Token);
        _running = Task.Run(() => renewer.RunAsync(linked.Token), CancellationToken.None).ContinueWith(_ => linked.Dispose(), TaskScheduler.Default);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<SslStreamCertificateContext?> FindAsync(string serverName, CancellationToken timeout)
    {
        var current = _state.Current;
        var wanted = serverName.Length == 0 ? _options.Default : IsOurs(serverName);
        return new(wanted ? current?.Context ?? _placeholder : null);
    }

    /// <inheritdoc/>
    public ValueTask<TlsChallengeAnswer?> AnswerChallengeAsync(TlsClientHello hello, CancellationToken timeout) =>
        new(hello.ApplicationProtocols.Contains(TlsAlpnSolver.Protocol) && _board.FindTls(hello.ServerName) is { } proof
            ? new TlsChallengeAnswer(proof, TlsAlpnSolver.Protocol)
            : null);

    /// <summary>Returns when nothing is under way any more and no proof is shown.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _context.Shared<AcmeMetrics>().Remove(_state);
        _stop.Dispose();
    }

    private bool IsOurs(string serverName)
    {
        foreach (var name in _options.Names)
        {
            if (DomainName.Covers(name, serverName))
            {
                return true;
            }
        }

        return false;
    }

    private IChallengeSolver CreateSolver() =>
        _options.Challenge == ChallengeType.TlsAlpn01 ? new TlsAlpnSolver(_board, _context.Time)
        : _options.Challenge == ChallengeType.Dns01 ? new DnsSolver(_options.Dns!, _context.ConfigDirectory, _context.Time, _context.Logger)
        : new HttpSolver(_board, _store);

    private static void CheckTrust(ComponentContext context, string file)
    {
        try
        {
            var trust = new X509Certificate2Collection();
            trust.ImportFromPemFile(Path.Combine(context.ConfigDirectory, file));
            if (trust.Count == 0)
            {
                throw new ArgumentException($"ca '{file}' has no certificate in it");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new ArgumentException($"ca '{file}' cannot be read: {e.Message}", e);
        }
    }
}
