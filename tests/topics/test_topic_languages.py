"""Small sets of invented comments in six languages: topics are their subjects, and words are words."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from analysis.topics.encoders import parse
from analysis.topics.fit import fit_topics
from analysis.topics.forms import readable
from analysis.topics.stop_words import stop_words
from analysis.topics.tokens import tokenised

# Of each language what is said beside the subject, and of each subject its comments and the words that name it.
SAID = {
    "de": (
        ("Das sehe ich jeden Tag.", "So kann es nicht bleiben.", "Wer hat das entschieden?", "Meine Nachbarn sagen dasselbe.", "Danke für den Artikel!"),
        {
            ("straßenbahn", "fahrplan", "haltestelle", "fahrer"): (
                "Die Straßenbahn kommt morgens wieder zu spät", "Der neue Fahrplan der Straßenbahn ist ein Witz",
                "An der Haltestelle steht man ohne Dach im Regen", "Zwei Fahrer fehlen, also fällt die Straßenbahn aus",
                "Die Haltestelle am Markt wurde einfach gestrichen", "Der Fahrplan passt nicht zu den Schichten im Werk",
                "Abends fährt die Straßenbahn nur noch jede Stunde", "Die Fahrer der Straßenbahn tun mir leid",
                "Ohne Fahrplan an der Haltestelle weiß keiner Bescheid",
            ),
            ("miete", "wohnung", "vermieter", "nebenkosten"): (
                "Die Miete frisst die Hälfte meines Lohns", "Eine Wohnung mit zwei Zimmern findet niemand mehr",
                "Mein Vermieter hat die Miete schon wieder erhöht", "Die Nebenkosten der Wohnung sind doppelt so hoch",
                "Vermieter lassen ganze Häuser leer stehen", "Für die Wohnung gab es neunzig Bewerber",
                "Miete und Nebenkosten steigen schneller als der Lohn", "Der Vermieter repariert die Heizung der Wohnung nicht",
                "Wer eine alte Miete hat, zieht nie wieder aus",
            ),
            ("tor", "spiel", "torwart", "trainer"): (
                "Das Tor in der letzten Minute war Abseits", "Der Trainer wechselt in jedem Spiel zu spät",
                "Unser Torwart hat das Spiel gerettet", "Ohne den Trainer wären wir längst abgestiegen",
                "Das Spiel am Samstag war das beste der Saison", "Drei Tore und keines davon hat der Torwart gesehen",
                "Der Schiedsrichter hat das Spiel entschieden, nicht das Tor", "Ein Trainer kann aus diesen Stürmern nichts machen",
                "Der Torwart hält, der Sturm trifft das Tor nicht",
            ),
        },
    ),
    "it": (
        ("Lo vedo ogni giorno.", "Così non si può andare avanti.", "Chi lo ha deciso?", "I miei vicini dicono lo stesso.", "Grazie per l'articolo!"),
        {
            ("tram", "fermata", "orario", "autista"): (
                "Il tram del mattino è sempre in ritardo", "Il nuovo orario del tram è una presa in giro",
                "Alla fermata si aspetta sotto la pioggia", "Manca un autista e il tram non passa",
                "La fermata del mercato è stata tolta", "L'orario non va bene per chi lavora in fabbrica",
                "La sera il tram passa una volta all'ora", "Gli autisti del tram hanno tutta la mia pazienza",
                "Senza orario alla fermata nessuno sa niente",
            ),
            ("affitto", "casa", "padrone", "appartamento"): (
                "L'affitto si mangia metà dello stipendio", "Un appartamento con due camere non si trova più",
                "Il padrone di casa ha alzato di nuovo l'affitto", "Le spese dell'appartamento sono raddoppiate",
                "I padroni tengono vuoti interi palazzi", "Per quell'appartamento c'erano novanta domande",
                "Affitto e spese crescono più dello stipendio", "Il padrone di casa non ripara la caldaia dell'appartamento",
                "Chi ha un vecchio affitto non lascia la casa",
            ),
            ("gol", "partita", "portiere", "allenatore"): (
                "Il gol all'ultimo minuto era in fuorigioco", "L'allenatore cambia tardi in ogni partita",
                "Il nostro portiere ha salvato la partita", "Senza l'allenatore saremmo già retrocessi",
                "La partita di sabato è stata la più bella", "Tre gol e il portiere non ne ha visto uno",
                "L'arbitro ha deciso la partita, non il gol", "Un allenatore non può fare nulla con questi attaccanti",
                "Il portiere para ma l'attacco non fa gol",
            ),
        },
    ),
    "zh": (
        ("我每天都看到。", "不能再这样下去了。", "这是谁决定的?", "邻居们也这么说。", "谢谢这篇文章!"),
        {
            ("电车", "车站", "司机", "时刻表"): (
                "早上的电车又晚点了", "电车的新时刻表简直是笑话", "车站没有屋顶,只能在雨里等电车", "缺两个司机,电车就停开了",
                "市场旁边的车站被取消了", "时刻表和工厂的班次对不上", "晚上电车一个小时才来一趟", "电车司机真的很辛苦",
                "车站没有时刻表,谁也不知道电车什么时候来",
            ),
            ("房租", "房东", "公寓", "租金"): (
                "房租占了我一半的工资", "两个房间的公寓根本找不到", "房东又涨了房租", "公寓的水电费翻了一倍",
                "房东让整栋公寓空着", "一间公寓有九十个人申请", "房租涨得比工资快", "房东不修公寓的暖气", "房租便宜的人都不搬家",
            ),
            ("球队", "比赛", "门将", "教练"): (
                "比赛最后一分钟的进球是越位", "教练每场比赛换人都太晚", "我们的门将救了这场比赛", "没有教练,球队早就降级了",
                "星期六的比赛是本赛季最好的", "三个进球门将都没看见", "裁判决定了比赛,不是球队", "教练拿这些前锋没办法",
                "门将很稳,球队却不进球",
            ),
        },
    ),
    "ko": (
        ("매일 보는 일이다.", "이대로는 안 된다.", "누가 결정했나요?", "이웃들도 똑같이 말한다.", "기사 고맙습니다!"),
        {
            ("전차", "정류장", "기사", "시간표"): (
                "아침 전차가 또 늦었다", "전차의 새 시간표는 장난이다", "정류장에 지붕이 없어 비를 맞으며 전차를 기다린다",
                "운전 기사가 없어서 전차가 멈췄다", "시장 앞 정류장이 없어졌다", "시간표가 공장 근무와 맞지 않는다",
                "밤에는 전차가 한 시간에 한 번 온다", "전차를 모는 기사는 힘들다", "정류장에 시간표가 없으니 아무도 모른다",
            ),
            ("월세", "집주인", "아파트", "보증금"): (
                "월세가 월급의 절반이다", "방 두 개짜리 아파트는 찾을 수 없다", "집주인이 월세를 또 올렸다", "아파트 관리비가 두 배가 됐다",
                "집주인이 아파트를 비워 둔다", "아파트 하나에 아흔 명이 신청했다", "월세가 월급보다 빨리 오른다",
                "집주인이 아파트 난방을 고치지 않는다", "월세가 싼 사람은 이사하지 않는다",
            ),
            ("경기", "골키퍼", "감독", "골"): (
                "경기 마지막 골은 오프사이드였다", "감독은 경기마다 교체가 늦다", "골키퍼가 경기를 살렸다", "감독이 없었으면 벌써 강등됐다",
                "토요일 경기가 시즌 최고였다", "골키퍼는 골 세 개를 보지도 못했다", "심판이 경기를 결정했다", "감독도 이 공격수로는 어쩔 수 없다",
                "골키퍼는 막는데 공격이 경기를 망친다",
            ),
        },
    ),
    "ja": (
        ("毎日見ています。", "このままではいけない。", "誰が決めたのですか。", "近所の人も同じことを言う。", "記事をありがとう!"),
        {
            ("電車", "停留所", "運転手", "時刻表"): (
                "朝の電車がまた遅れている", "電車の新しい時刻表はひどい", "停留所に屋根がなく雨の中で電車を待つ", "運転手が足りず電車が止まった",
                "市場の前の停留所がなくなった", "時刻表が工場の勤務と合わない", "夜の電車は一時間に一本しかない", "電車の運転手は大変だ",
                "停留所に時刻表がないので誰も分からない",
            ),
            ("家賃", "大家", "部屋", "管理費"): (
                "家賃が給料の半分を占める", "広い部屋はもう見つからない", "大家がまた家賃を上げた", "部屋の管理費が二倍になった",
                "大家が部屋を空けたままにする", "この部屋に九十人が申し込んだ", "家賃は給料より早く上がる", "大家は部屋の暖房を直さない",
                "家賃の安い人は引っ越さない",
            ),
            ("試合", "監督", "選手", "得点"): (
                "試合の最後の得点はオフサイドだった", "監督はどの試合でも交代が遅い", "あの選手が試合を救った", "監督がいなければ降格していた",
                "土曜の試合は今季最高だった", "三つの得点を選手は見ていない", "審判が試合を決めた", "監督もこの選手ではどうにもならない",
                "守る選手はいいが得点がない試合だ",
            ),
        },
    ),
    "ar": (
        ("أرى هذا كل يوم.", "لا يمكن أن يستمر هذا.", "من قرر ذلك؟", "جيراني يقولون الشيء نفسه.", "شكرا على المقال!"),
        {
            ("الترام", "المحطة", "السائق", "المواعيد"): (
                "الترام في الصباح متأخر مرة أخرى", "جدول الترام الجديد نكتة", "في المحطة ننتظر الترام تحت المطر", "غاب السائق فتوقف الترام",
                "ألغيت المحطة أمام السوق", "جدول المواعيد لا يناسب عمال المصنع", "في المساء يأتي الترام مرة في الساعة", "السائق في الترام متعب",
                "المحطة بلا جدول مواعيد ولا أحد يعرف",
            ),
            ("الإيجار", "الشقة", "المالك", "شقة"): (
                "الإيجار يأخذ نصف الراتب", "لا أحد يجد شقة من غرفتين", "رفع المالك الإيجار مرة أخرى", "مصاريف الشقة تضاعفت",
                "يترك المالك الشقة فارغة", "تقدم تسعون شخصا لهذه الشقة", "الإيجار يرتفع أسرع من الراتب", "المالك لا يصلح التدفئة في الشقة",
                "من عنده الإيجار القديم لا يترك الشقة",
            ),
            ("المباراة", "المدرب", "الحارس", "الهدف"): (
                "الهدف في آخر المباراة كان تسللا", "المدرب يتأخر في التبديل في كل مباراة", "الحارس أنقذ المباراة", "لولا المدرب لهبط الفريق",
                "المباراة يوم السبت كانت الأفضل", "ثلاثة أهداف ولم يرها الحارس", "الحكم قرر المباراة وليس الهدف", "المدرب لا يستطيع شيئا مع هذا الهجوم",
                "الحارس يصد والفريق لا يسجل الهدف في المباراة",
            ),
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", sorted(SAID))
def test_topics_are_the_subjects_and_words_are_words(language):
    tails, subjects = SAID[language]
    rows = [
        (f"{comment}{'' if language in ('zh', 'ja') else '.'} {tail}".replace(".. ", ". "), subject)
        for subject, comments in enumerate(subjects.values())
        for comment in comments
        for tail in tails
    ]
    texts, subject = [text for text, _ in rows], np.array([of for _, of in rows])
    languages, ids = [language] * len(texts), [f"{i:03d}" for i in range(len(texts))]
    tokens, threads = readable(tokenised(texts), languages), [f"t{i % 20}" for i in range(len(texts))]
    encoder = parse("auto", languages=languages)
    assert encoder.name == "multilingual"
    found = fit_topics(
        texts, encoder.encode(texts), threads=threads, ids=ids, languages=languages, n_topics=3, runs=6, min_comments=100,
        tokens=tokens,
    )  # fmt: skip
    assert adjusted_rand_score(subject, found.topic) > 0.9
    assert (found.table["stability"] > 0.6).all()
    names = list(subjects)
    for topic in found.table["topic"]:
        shown = found.words.loc[found.words["topic"] == topic, "word"].tolist()
        mine = names[np.bincount(subject[found.topic == topic]).argmax()]
        said = {word for name in mine for word in shown if name in word or word in name}
        assert len(said) >= 2, f"{shown} of {mine}"
        assert not stop_words(languages) & set(shown) and all(len(word) > 1 for word in shown)
    # Words of three letters could not come from pairs of letters, and whole phrases would not be in several comments.
    long = {name for subject in names for name in subject if len(name) == 3}
    if language in ("zh", "ja"):
        assert 2 * len(long & set(found.words["word"])) >= len(long), found.words["word"].tolist()
