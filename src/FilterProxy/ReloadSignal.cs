using System.Runtime.InteropServices;

namespace FilterProxy.Host;

/// <summary>
/// SIGHUP: asks to read the configuration again, and never ends the process. One reload runs at a time; all signals that come meanwhile
/// make one more.
/// </summary>
internal sealed class ReloadSignal : IDisposable
{
    private readonly PosixSignalRegistration _registration;
    private readonly Lock _lock = new();
    private Func<Task>? _reload;
    private bool _asked;
    private bool _running;

    public ReloadSignal() => _registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);

    /// <summary>From now on signals are answered, one that came before as well.</summary>
    /// <param name="reload">The answer; must not throw.</param>
    public void Begin(Func<Task> reload)
    {
        lock (_lock)
        {
            _reload = reload;
        }

        RunIfAsked();
    }

    /// <summary>From now on signals are taken and not answered: the process ends for another reason.</summary>
    public void End()
    {
        lock (_lock)
        {
            _reload = null;
        }
    }

    public void Dispose() => _registration.Dispose();

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        lock (_lock)
        {
            _asked = true;
        }

        RunIfAsked();
    }

    private void RunIfAsked()
    {
        lock (_lock)
        {
            if (_running || !_asked || _reload is null)
            {
                return;
            }

            _running = true;
        }

        _ = Task.Run(RunAsync);
    }

    private async Task RunAsync()
    {
        while (Next() is { } reload)
        {
            await reload();
        }
    }

    private Func<Task>? Next()
    {
        lock (_lock)
        {
            var reload = _asked ? _reload : null;
            _running = reload is not null;
            _asked = _asked && !_running;
            return reload;
        }
    }
}
