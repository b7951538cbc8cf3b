namespace FilterProxy.Filters.Waf.Detection;

/// <summary>What the names of HTML stand for, and what about them can run a script.</summary>
internal static class HtmlNames
{
    private const int Longest = 24;

    // They run, load or restyle by being there.
    private static readonly byte[][] Active = Split("script iframe frame style applet isindex bgsound ilayer vmlframe xss");

    // They do something with an attribute; without one they are a placeholder in a sentence ("List<object>", "the <link> tag").
    private static readonly byte[][] ActiveWithAttribute = Split(
        "object embed base meta xml layer import handler listener portal fencedframe frameset svg math set animate animatetransform animatemotion"
        + " foreignobject noscript");

    private static readonly byte[][] Urls = Split(
        "href src action formaction data background dynsrc lowsrc poster from to by values code codebase classid archive ping manifest longdesc"
        + " cite profile icon usemap movie value content srcset url");

    // The page's own script or markup in a value, bindings of old browsers, and what animates an attribute.
    private static readonly byte[][] Loaded = Split("srcdoc datasrc datafld dataformatas attributename allowscriptaccess http-equiv");

    // An event's name begins with one of these behind "on"; new ones mostly do, too. English words ("once", "only", "online") do not.
    private static readonly byte[][] Events = Split(
        "abort activate after animation auxclick before begin blur bounce cached cancel canplay cellchange change chargin click close command"
        + " compassneeds complete composition connect contentvis context control copy cuechange cut datachanged dataset dataavail dblclick"
        + " deactivate device discharg downloading drag drop duration emptied end ended error fetch filter finish focus formdata formchange"
        + " forminput freeze fullscreen gamepad gesture gotpointer hashchange help input install invalid keydown keypress keyup language layout"
        + " levelchange load losecapture lostpointer media message mouse move moz ms mute navigat offline online open orientation outofsync"
        + " pagehide pageshow pagereveal pageswap paint paste pause play pointer popstate popup progress propertychange ratechange readystate"
        + " rejectionhandled repeat reset resize resume reverse rowdelete rowenter rowexit rowinserted rowsdelete rowsenter rowsinserted rtl"
        + " scroll search securitypolicy seek select show slotchange snap stalled start stop storage submit suspend synchrestored timeerror"
        + " timeupdate toggle touch track transition unhandled unload unmute urlflip versionchange volumechange waiting webkit wheel zoom");

    public static HtmlTag TagOf(ReadOnlySpan<byte> text)
    {
        Span<byte> buffer = stackalloc byte[Longest];
        var name = Fold(text, buffer);
        if (name.StartsWith("xsl"u8))
        {
            return HtmlTag.ActiveWithAttribute;
        }

        name = name[(name.LastIndexOf((byte)':') + 1)..];
        return Contains(Active, name) ? HtmlTag.Active
            : Contains(ActiveWithAttribute, name) ? HtmlTag.ActiveWithAttribute
            : name.SequenceEqual("link"u8) ? HtmlTag.Link
            : HtmlTag.Plain;
    }

    public static HtmlAttribute AttributeOf(ReadOnlySpan<byte> text)
    {
        Span<byte> buffer = stackalloc byte[Longest];
        var name = Fold(text, buffer);
        if (name.StartsWith("on"u8) && name.Length > 4)
        {
            foreach (var stem in Events)
            {
                if (name[2..].StartsWith(stem))
                {
                    return HtmlAttribute.Event;
                }
            }
        }

        if (name.StartsWith("xmlns"u8) || name.StartsWith("xlink:"u8) || name.SequenceEqual("xml:base"u8))
        {
            return HtmlAttribute.Namespace;
        }

        return Contains(Urls, name) ? HtmlAttribute.Url
            : name.SequenceEqual("style"u8) ? HtmlAttribute.Style
            : name.SequenceEqual("rel"u8) ? HtmlAttribute.Relation
            : Contains(Loaded, name) ? HtmlAttribute.Loaded
            : HtmlAttribute.Plain;
    }

    // Lower case, without zeros; what is longer than any name here comes back cut, and equals none.
    private static ReadOnlySpan<byte> Fold(ReadOnlySpan<byte> text, Span<byte> buffer)
    {
        var length = 0;
        foreach (var b in text)
        {
            if (b == 0)
            {
                continue;
            }

            if (length == buffer.Length)
            {
                break;
            }

            buffer[length++] = (uint)(b - 'A') <= 'Z' - 'A' ? (byte)(b | 0x20) : b;
        }

        return buffer[..length];
    }

    private static bool Contains(byte[][] names, ReadOnlySpan<byte> name)
    {
        foreach (var candidate in names)
        {
            if (name.SequenceEqual(candidate))
            {
                return true;
            }
        }

        return false;
    }

    private static byte[][] Split(string names) => [.. names.Split(' ').Select(System.Text.Encoding.ASCII.GetBytes)];
}
