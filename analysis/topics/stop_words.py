"""Stop words: the words that hold sentences together, and those that letters to an editor are full of.

Written for Threadline: the lists of stop-words and stopwordsiso hide "fire", "bill", "computer" and "million" too,
which comments are about, and the former has none of Slovene.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# By ISO 639-1 code, in lower case.
STOP_WORDS: dict[str, str] = {
    "en": """
        a about above after again against ago all almost also although always am among an and another any anybody anyone
        anything are aren't around as at away be became because been before being below between both but by came can
        can't cannot come comes could couldn't did didn't do does doesn't doing don't done down during each either else
        enough etc even ever every everyone everything few first for from further get gets getting give go goes going
        gone got had hadn't has hasn't have haven't having he he'd he'll he's her here here's hers herself him himself
        his how however i i'd i'll i'm i've if in instead into is isn't it it's its itself just keep kind know last
        least less let let's like lot made make makes making many may maybe me might mine more most much must my myself
        need never new next no nobody none nor not nothing now of off often oh ok okay on once one ones only onto or
        other others our ours ourselves out over own per perhaps please put quite rather re really right said same say
        says see seem seems seen several shall she she's should shouldn't since so some somebody someone something still
        such sure take than that that's the their theirs them themselves then there there's these they they'd they'll
        they're they've thing things think this those though through thus to too toward try trying two under until up
        upon us use used using very via want wants was wasn't way we we'd we'll we're we've well went were weren't what
        what's whatever when where whether which while who who's whole whom whose why will with within without won't
        would wouldn't yeah yes yet you you'd you'll you're you've your yours yourself
    """,
    "de": """
        aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis bist da dabei
        dadurch dafür dagegen daher damit dann daran darauf darf darum das dass dein deine dem den denn der des deshalb
        dich die dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines einfach
        einmal er es etwas euch euer für ganz gar gegen genau gerade gibt habe haben hat hatte hatten hier hin hinter
        ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in indem ins irgendwie ist ja jede jedem jeden jeder jedes
        jetzt kann kein keine keinen keiner können könnte machen macht mal man mehr mein meine mich mir mit muss müssen
        nach nicht nichts noch nun nur ob oder ohne schon sehr sein seine seinem seinen seiner seit selbst sich sie sind
        so solche soll sollte sondern sonst um und uns unser unsere unter viel viele vielleicht vom von vor wann war
        waren warum was weil weiter welche wenn wer werde werden wie wieder will wir wird wirklich wo wohl wollen wurde
        wurden würde zu zum zur zwar zwischen über
    """,
    "fr": """
        ai aie ainsi alors après as au aucun aura aussi autre autres aux avait avant avec avez avoir avons beaucoup bien
        c'est car ce ceci cela celle celui ces cet cette ceux chaque chez ci comme comment dans de depuis des deux
        devrait dire dit doit donc dont du déjà elle elles en encore entre est et eu eux faire fait faut fois font il
        ils j'ai jamais je l'on la le les leur leurs lui là ma mais me mes moi moins mon même n'est ne ni non nos notre
        nous on ont or ou oui où par parce pas personne peu peut peuvent plus plutôt pour pourquoi qu'il qu'on quand que
        quel quelle quelque qui quoi rien sa sans se sera serait ses si soi soit sommes son sont sous suis sur ta tant
        te tes toi ton toujours tous tout toute toutes trop très tu un une va vers voilà vos votre vous vraiment y ça
        étaient était été être
    """,
    "es": """
        a al algo alguien alguna algunos algún allí ante antes aquí así aunque aún bajo bien cada casi como con contra
        cosa cosas cual cuando cuál cuándo cómo de del desde después donde dos dónde e el ella ellas ellos en entonces
        entre era eran eres es esa esas ese eso esos esta estaba estado estar estas este esto estos estoy está están fue
        fueron gran ha había hace hacen hacer hacia han hasta hay he hoy incluso la las le les lo los luego me menos mi
        mientras mis mismo mucho muchos muy más mí nada nadie ni no nos nosotros nuestra nuestro nunca o os otra otras
        otro otros para parece pero poco por porque puede pueden pues que quien quién qué se sea según ser será si sido
        siempre sin sino sobre solo son su sus sí sólo tal también tan tanto te tener tengo ti tiene tienen todo todos
        tu tú un una uno unos usted va van vez y ya yo él
    """,
    "it": """
        a abbiamo ad ai al alla alle allo altra altre altri altro anche ancora avere aveva c'è che chi ci ciò come con
        cosa così cui da dai dal dalla dalle degli dei del dell della delle dello deve di dire dopo dove due e ecco ed
        era erano essere fa fare fatto fino fra già gli ha hai hanno ho i il in io la le lei li lo loro lui ma mai me
        meno mi mia mio molto ne negli nei nel nella nelle nessuno niente no noi non nostra nostro o ogni ora per perchè
        perché però più poco poi prima proprio può qua qualche quale quando quanto quella quelle quelli quello questa
        queste questi questo qui quindi sarà se sei sempre senza si sia sono sta stato su sua sue sugli sui sul sulla
        suo sì tanto te ti tra troppo tu tutta tutte tutti tutto un una uno va verso vi voi
    """,
    "pt": """
        a ainda algo algum alguma alguns ali além ante antes ao aos apenas aquela aquele aqui as assim até bem cada
        coisa coisas com como contra da das de dela dele deles demais depois desde dessa desse deste do dois dos e ela
        elas ele eles em entre então era eram essa essas esse esses esta estar estas estava este estes está estão eu faz
        fazer foi foram há isso isto já la lhe lá mais mas me mesmo meu meus minha muita muito muitos na nada nas nem
        nenhum ninguém no nos nossa nosso num numa nunca não nós o onde os ou outra outras outro outros para pela pelas
        pelo pelos pode podem pois por porque pouco pra qual quando quanto que quem se seja sem sempre ser será seu seus
        sim sobre sou sua suas só também tem ter teve tinha toda todas todo todos tu tudo tão têm um uma umas uns vai
        vez você vocês vão é
    """,
    "nl": """
        aan al alle alleen alles als altijd andere ben bent bij daar daarom dan dat de deze die dit doen door dus echt
        een eens elk en er erg even gaan gaat geen geweest had hadden heb hebben heeft heel hem hen het hier hij hoe hun
        iets ik in is ja je jij jou jullie kan komen komt kun kunnen maar maken me meer men met mij mijn moet moeten na
        naar natuurlijk niet niets nog nooit nu of om omdat onder ons onze ook op over te tegen toch toen tot u uit uw
        van veel voor waar waarom wanneer want waren was wat we weer wel wie wij wil worden wordt zal ze zeer zei zelf
        zich zij zijn zo zoals zonder zou zouden
    """,
    "sl": """
        a ali ampak bi bil bila bile bili bilo biti bo bodo bolj bom bomo brez celo da do dobro dokler drugi eden en ena
        enako eni eno ga gre ima imajo imam imamo in iz ja jaz je jih jim jo k kaj kaki kako kakor kakšen kar kateri kdo
        kdor ker ki kje ko koliko kot la lahko le ljudje malo me med mi mu na nad naj nam nas naš ne nekaj nekdo nihče
        nisem niso nič no o ob od on ona oni pa po pod prav pred pri proti raje res s saj samo se sem si smo so spet sta
        ste sva svoj ta tak tako takrat tam te tega tem temu ti tisti to toda torej tu tudi tukaj v vam vas vaš vedno
        vendar ves več vi vsa vsak vse vsi z za zakaj zato zdaj zelo če še že
    """,
}


def stop_words(languages: Sequence[str] | None) -> frozenset[str]:
    """Stop words of the languages in which at least one text in fifty is written; English where none is known."""
    known = languages is not None and len(languages) > 0
    codes, counts = np.unique(np.asarray(languages if known else ["en"], dtype=str), return_counts=True)
    used = [code for code, count in zip(codes, counts, strict=True) if count * 50 >= counts.sum()]
    lists = [STOP_WORDS[code] for code in used if code in STOP_WORDS] or [STOP_WORDS["en"]]
    words = frozenset(" ".join(lists).split())
    return words | {word.replace("'", "") for word in words}
