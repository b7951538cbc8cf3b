using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.AccessLog;

/// <summary>
/// Writes all lines for one path, whichever filters they come from, on a thread of its own: it may block on a disk or a pipe as long
/// as that takes.
/// </summary>
internal sealed class LogSink
{
    // Other filters' lines and a renamed file wait at most this many batches.
    private const int BatchesAtOnce = 64;
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(10);
    private readonly string _path;
    private readonly Func<LogSink, string, bool> _tryClose;
    private readonly ILogTarget _target;
    private readonly LogRotation? _rotation;
    private readonly BoundedRate _errors, _drops;
    private readonly AutoResetEvent _wake = new(false);
    private readonly Lock _gate = new();
    private readonly List<LogOutlet> _done = [];
    private volatile LogOutlet[] _outlets = [];
    private volatile bool _reopen;
    private bool _isFailing;

    /// <summary>Opens the file; what is somewhere else is reached when there is something to write.</summary>
    /// <param name="path">Absolute, or the name of a console stream, or what another target is called.</param>
    /// <param name="target">What is written to.</param>
    /// <param name="time">The clock.</param>
    /// <param name="tryClose">Asked when no outlet is left; false when one came meanwhile.</param>
    public LogSink(string path, ILogTarget target, TimeProvider time, Func<LogSink, string, bool> tryClose)
    {
        _path = path;
        _tryClose = tryClose;
        _target = target;
        if (target is LogFile file)
        {
            file.Open();
            _rotation = new LogRotation(path, file, time);
        }

        _errors = new BoundedRate(time, ReportEvery);
        _drops = new BoundedRate(time, ReportEvery);
    }

    public bool IsUnused => _outlets.Length == 0;

    public void Start() => new Thread(Run) { IsBackground = true, Name = "access log" }.Start();

    /// <summary>Writes its lines too from now on. The newest outlet decides on rotation.</summary>
    public void Add(LogOutlet outlet)
    {
        lock (_gate)
        {
            _outlets = [.. _outlets, outlet];
        }

        outlet.Queue.WakeBy(_wake);
        _wake.Set();
    }

    /// <summary>Opens the file again under its name, soon.</summary>
    public void Reopen()
    {
        _reopen = true;
        _wake.Set();
    }

    private void Run()
    {
        do
        {
            _wake.WaitOne(WaitTime());
            if (_outlets is [.., var newest] outlets)
            {
                FollowName(newest.Logger);
                foreach (var outlet in outlets)
                {
                    Drain(outlet, newest.Rotate);
                    Report(outlet);
                }

                Remove(outlets);
            }
        }
        while (!IsUnused || !_tryClose(this, _path));

        _rotation?.Dispose();
        _target.Dispose();
        _done.ForEach(outlet => outlet.Queue.SetEmptied());
    }

    // A line that another thread has begun but not completed keeps a completed queue from being done: look again at once.
    private TimeSpan WaitTime()
    {
        var wait = TimeSpan.FromSeconds(1);
        foreach (var outlet in _outlets)
        {
            wait = outlet.Queue.IsCompleted ? TimeSpan.FromMilliseconds(1) : outlet.FlushInterval < wait ? outlet.FlushInterval : wait;
        }

        return wait;
    }

    private void Drain(LogOutlet outlet, RotateOptions? rotate)
    {
        outlet.Queue.BeginRead();
        for (var i = 0; i < BatchesAtOnce; i++)
        {
            if (!outlet.TryFill(rotate?.Size?.Bytes ?? long.MaxValue))
            {
                // Also without a line: the day may be over.
                _rotation?.RotateIfDue(rotate, 0, outlet.Logger);
                return;
            }

            _rotation?.RotateIfDue(rotate, outlet.Batch.Length, outlet.Logger);
            if (!TryWrite(outlet))
            {
                return;
            }
        }

        _wake.Set();
    }

    /// <summary>False when the batch is kept because it may be written later.</summary>
    private bool TryWrite(LogOutlet outlet)
    {
        try
        {
            _target.Write(outlet.Batch);
            outlet.MarkWritten();
            if (_isFailing)
            {
                _isFailing = false;
                Log.WritesAgain(outlet.Logger, _path);
            }

            return true;
        }
        catch (Exception e)
        {
            Fail(outlet.Logger, e);
            if (!outlet.Queue.IsCompleted)
            {
                return false;
            }

            Log.Lost(outlet.Logger, outlet.BatchLines, _path, e.Message);
            outlet.MarkLost();
            return true;
        }
    }

    private void FollowName(ILogger logger)
    {
        try
        {
            if (_reopen && !LogFile.IsConsole(_path))
            {
                _reopen = false;
                _target.Close();
                _target.Open();
                Log.Reopened(logger, _path);
            }

            _target.FollowName();
        }
        catch (Exception e)
        {
            Fail(logger, e);
        }
    }

    private void Fail(ILogger logger, Exception e)
    {
        _isFailing = true;
        if (_errors.TryTake())
        {
            Log.CannotWrite(logger, _path, e.Message);
        }
    }

    private void Report(LogOutlet outlet)
    {
        outlet.Queue.CountDropped();
        if (outlet.Queue.HasDropped && (outlet.IsDone || _drops.TryTake()))
        {
            Log.Dropped(outlet.Logger, outlet.Queue.TakeDropped(), _path);
        }
    }

    private void Remove(LogOutlet[] outlets)
    {
        foreach (var outlet in outlets.Where(o => o.IsDone))
        {
            lock (_gate)
            {
                _outlets = [.. _outlets.Where(o => o != outlet)];
            }

            // The last one waits for the file to be closed.
            _done.Add(outlet);
        }

        if (_done.Count > 0 && !IsUnused)
        {
            _done.ForEach(outlet => outlet.Queue.SetEmptied());
            _done.Clear();
        }
    }
}
