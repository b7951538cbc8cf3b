using Spectre.Console;
using Spectre.Console.Rendering;

namespace FilterProxy.Host.Commands;

/// <summary>
/// A terminal that is taken over for something shown again and again. Every look is drawn whole, for the size the terminal has by then;
/// afterwards what was there before is back, with the last look below it.
/// </summary>
internal sealed class LiveView : IDisposable
{
    private const string Enter = "\e[?1049h\e[?25l", Leave = "\e[?25h\e[?1049l", Home = "\e[H", RestOfScreen = "\e[J";
    private IRenderable? _last;

    public LiveView() => Console.Out.Write(Enter);

    /// <summary>The lines there is room for.</summary>
    public static int Height => AnsiConsole.Profile.Height;

    public void Show(IRenderable view)
    {
        _last = view;
        Wait(view);
    }

    /// <summary>Shows something that does not stay afterwards.</summary>
    public void Wait(IRenderable view)
    {
        var lines = Draw(view).TrimEnd('\n').Split('\n').Take(Height);
        Console.Out.Write($"{Home}{RestOfScreen}{string.Join('\n', lines)}");
    }

    public void Dispose()
    {
        Console.Out.Write(Leave);
        if (_last is not null)
        {
            AnsiConsole.Write(_last);
        }
    }

    // As one text, to be written at once: a screen that is cleared and filled piece by piece flickers.
    private static string Draw(IRenderable view)
    {
        var text = new StringWriter { NewLine = "\n" };
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.Yes });
        console.Profile.Capabilities.ColorSystem = AnsiConsole.Profile.Capabilities.ColorSystem;
        console.Profile.Width = AnsiConsole.Profile.Width;
        console.Write(view);
        return text.ToString();
    }
}
