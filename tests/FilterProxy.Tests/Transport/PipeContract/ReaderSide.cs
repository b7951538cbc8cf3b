using System.IO.Pipelines;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>A reader under test, and what the test does at the other end.</summary>
public abstract class ReaderSide : IDisposable
{
    public abstract PipeReader Reader { get; }

    /// <summary>Sends, and waits until the other end has taken it over.</summary>
    public abstract Task SendAsync(byte[] bytes);

    /// <summary>Makes what was sent visible to a reader that only tries: a transport without a pump does not receive by itself.</summary>
    public virtual void Pump()
    {
    }

    /// <summary>Ends the stream in an orderly way.</summary>
    public abstract void End();

    /// <summary>Breaks the stream off.</summary>
    public abstract void Fail();

    public abstract void Dispose();
}
